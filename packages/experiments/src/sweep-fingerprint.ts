import { createHash } from 'node:crypto'
import type { PreparedEvaluation, PreparedTask, TaskNode } from '@saeval/eval-harness'
import type { Asked } from '@saeval/eval-harness/internal/prepare-task'
import { leaves, nodeName } from '@saeval/eval-harness/internal/tasks/load-tasks'
import { dumpsJson } from '@saeval/python'
import { pythonSources } from '@saeval/python/internal/functions/python-sources'
import type { PluginIdentity } from './plugin-identity.js'

/** What decides the results of a cell on one task or group. */
export interface Fingerprint {
  readonly task: string
  /** Of the unsteered model: weights, tokenizer, precision, settings. */
  readonly model: string
  /** Of every number of the edits. */
  readonly edits: string
  /** Of the documents, their prompts, and everything that scores the answers. */
  readonly asked: string
  /** Of the code of plug-ins, which may compute and score; "" without any. */
  readonly plugins: string
}

/** Fingerprint.plugins of the plug-ins that are loaded: the same code under another name does the same. */
export function pluginsFingerprint(plugins: readonly PluginIdentity[]): string {
  return plugins.map(({ sha256 }) => sha256).join(' ')
}

/** Fingerprint.asked of each task and group that was asked for. `seed` is that of sampled generation. */
export function askedFingerprints({ nodes, tasks }: PreparedEvaluation, seed: number): Map<string, string> {
  const byName = new Map(tasks.map((task) => [task.task.config.task, task]))
  return new Map(
    nodes.map((node) => {
      const hash = createHash('sha256').update(JSON.stringify(groupOf(node)))
      for (const { task } of leaves([node]))
        for (const part of partsOf(byName.get(task)!, seed)) hash.update(`\n${part}`)
      return [nodeName(node), hash.digest('hex')]
    }),
  )
}

/** How a group averages. */
function groupOf(node: TaskNode): unknown {
  if (node.kind === 'task') return node.config.task
  const { name, alias, version, metrics, children } = node
  return { name, alias, version, metrics, children: children.map(groupOf) }
}

function* partsOf({ task, asked }: PreparedTask, seed: number): Generator<string> {
  const { config, functions } = task
  // --model_args and --metadata stand in the metadata; what they change shows in the model, the documents and the prompts
  yield dumpsJson(new Map([...task.dump].filter(([field]) => field !== 'metadata')))
  for (const { name, file } of functions.keys()) yield JSON.stringify([name, pythonSources(file)])
  const { generationKwargs: kwargs } = config
  if (kwargs?.get('do_sample') === true || Number(kwargs?.get('temperature') ?? 0) > 0) yield String(seed)
  for (const document of asked) yield* wordsOf(document)
}

/** A document with its prompts, as it is asked and scored. */
function* wordsOf({ docId, doc, requests }: Asked): Generator<string> {
  yield `${docId} ${dumpsJson(doc)}`
  for (const request of requests) yield dumpsJson(new Map(Object.entries(request)))
}
