import { pythonSources } from '@saeval/python/internal/functions/python-sources'
import { dumpsJson } from '@saeval/python/internal/json/json'
import type { PyDict } from '@saeval/python/internal/values/value'
import type { PromptOptions } from '../requests/build-contexts.js'
import type { Task } from '../requests/task.js'
import { requestArguments, type TaskRequest } from '../requests/task-request.js'
import { sha256 } from '../results/sample-lines.js'
import { type Store, storeKey } from './store.js'

/** Kept prompts of tasks. */
export interface RequestCache {
  readonly store: Store
  /** Builds all prompts anew and keeps those. */
  readonly refresh: boolean
}

/** What a task's requests depend on. */
export interface RequestParts extends RequestCache {
  readonly task: Task
  readonly docs: readonly PyDict[]
  readonly docIds: readonly number[]
  readonly prompt: PromptOptions
  /** Of the few-shot draws. */
  readonly seed: number
  readonly build: () => Promise<TaskRequest[][]>
}

/** Raise when prompts are built in another way. */
const version = 1

/**
 * The requests of a task's documents, kept ones where the task, its documents, few-shot examples, Python files and everything around the
 * prompt are the same as when they were kept; else those that `build` gives.
 */
export async function cachedRequests(parts: RequestParts): Promise<readonly (readonly TaskRequest[])[]> {
  const { store, refresh, task, docs, docIds, prompt, seed, build } = parts
  const key = storeKey([
    'requests',
    version,
    dumpsJson(task.dump),
    [...task.functions.keys()].map(({ file, name }) => [name, sha256(pythonSources(file).join('\n'))]),
    docIds,
    hashOf(docs),
    task.sampler === null ? null : [task.sampler.kind, hashOf(task.sampler.pool)],
    [prompt.systemInstruction, prompt.chat?.template.source ?? null, prompt.chat?.fewshotAsMultiturn ?? null, seed],
  ])
  const kept = refresh ? undefined : (store.look([key]).get(key) as StoredRequests | undefined)
  if (kept !== undefined) return kept.map((list) => list.map((stored) => restore(stored, task)))
  const built = await build()
  await store.put([[key, built.map((list) => list.map(shorten))]])
  return built
}

function hashOf(docs: readonly PyDict[]): string {
  return sha256(docs.map((doc) => dumpsJson(doc)).join('\n'))
}

type StoredRequests = readonly (readonly StoredRequest[])[]
type StoredRequest = readonly [type: TaskRequest['type'], ...texts: string[]]

/** generation_kwargs are the task's and need not be kept. */
function shorten(request: TaskRequest): StoredRequest {
  return [request.type, ...requestArguments(request).filter((part) => typeof part === 'string')]
}

function restore([type, first, second]: StoredRequest, { config }: Task): TaskRequest {
  switch (type) {
    case 'loglikelihood':
      return { type, context: first!, continuation: second! }
    case 'loglikelihood_rolling':
      return { type, text: first! }
    case 'generate_until':
      return { type, context: first!, kwargs: config.generationKwargs! }
  }
}
