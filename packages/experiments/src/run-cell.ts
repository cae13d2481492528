import { readFileSync } from 'node:fs'
import { cachedModel, evaluatePrepared, type PreparedEvaluation, type Store, writeResults } from '@saeval/eval-harness'
import { leaves, nodeName } from '@saeval/eval-harness/internal/tasks/load-tasks'
import { InputError, type Notice, type SentenceError, WriteError } from '@saeval/hub'
import { defaultSeed, type LanguageModel, type ModelArguments, type ModelReport } from '@saeval/language-model'
import { type PyDict, toPlain } from '@saeval/python'
import { parseJson } from '@saeval/python/internal/json/json'
import { type PlanAnswers, PlanError } from './plan-answers.js'
import type { PluginIdentity } from './plugin-identity.js'
import { actedShare, checkActed, resultsOf, truncationLine, UnsteeredError } from './run-results.js'
import type { RunSettings } from './run-settings.js'
import type { CellOutcome, SweepEvent } from './sweep-events.js'

/** What all cells of a sweep have in common. */
export interface CellContext {
  readonly run: RunSettings
  readonly command: string
  readonly saeval: string
  readonly plugins?: readonly PluginIdentity[]
  readonly signal?: AbortSignal
  readonly onNotice?: Notice
  readonly onEvent?: (event: SweepEvent) => void
  /** The plan whose answers are taken; absent where the model is asked. */
  readonly merging?: PlanAnswers
}

/** The part of the prepared tasks that these tasks and groups are. */
function tasksOf({ nodes, tasks }: PreparedEvaluation, wanted: readonly string[]): PreparedEvaluation {
  const own = nodes.filter((node) => wanted.includes(nodeName(node)))
  const names = new Set(leaves(own).map(({ task }) => task))
  return { nodes: own, tasks: tasks.filter(({ task }) => names.has(task.config.task)) }
}

/** The seed of sampled texts. */
export function generationSeed({ seed }: RunSettings): number {
  return seed.torch ?? defaultSeed
}

/** A cell on its way: its model, tasks and folder. */
export interface CellRun {
  readonly tasks: readonly string[]
  readonly model: LanguageModel
  readonly modelArgs: ModelArguments
  /** --model of the single run that would give the same. */
  readonly name: string
  readonly folder: string
  readonly answers: Store | null
  /** Whether no task of the cell has results from before. */
  readonly isWhole: boolean
}

/** Runs one cell and writes its files; gives the results file and what stands in it. */
export async function evaluateCell(
  { run, command, saeval, plugins = [], signal, onEvent, onNotice, merging }: CellContext,
  prepared: PreparedEvaluation,
  { tasks, model, modelArgs, name, folder, answers, isWhole }: CellRun,
): Promise<{ readonly file: string; readonly outcome: CellOutcome }> {
  const startedAt = Date.now()
  const kept = answers === null ? model : await cachedModel(model, answers)
  const asked = (await merging?.answering(kept)) ?? kept
  const evaluation = await evaluatePrepared(tasksOf(prepared, tasks), {
    model: asked,
    generationSeed: generationSeed(run),
    onProgress: (progress) => {
      if (progress.stage === 'requests') onEvent?.({ stage: 'cell', kinds: progress.kinds })
    },
    ...(signal ? { signal } : {}),
  })
  const cut = truncationLine(model)
  if (cut !== null) onNotice?.(cut, 'warning')
  const own = { ...run, model: name, model_args: new Map(Object.entries(modelArgs)) as RunSettings['model_args'] }
  if (isWhole) checkActed(asked.report?.() ?? {})
  const results = resultsOf({ ...own, log_samples: true }, asked, evaluation, { startedAt, command, saeval, plugins })
  const [file] = writeResults({ folder, stem: 'results' }, results, evaluation.samples)
  return { file: file!, outcome: { results: evaluation.results, actedShare: actedShare(asked.report?.() ?? {}) } }
}

/** How a cell came out, by its results file: of one that another process has run. */
export function outcomeOf(resultsFile: string): CellOutcome {
  const results = parseJson(readFileSync(resultsFile, 'utf8')) as PyDict
  const provenance = toPlain(results.get('saeval') ?? new Map()) as Pick<ModelReport, 'tokens'>
  return { results, actedShare: actedShare({ ...provenance, provenance: { ...provenance } }) }
}

/** What is asked, or why it cannot be had of these texts, in a sentence; anything else is thrown. */
export async function attempt<Found>(asked: Promise<Found>): Promise<Found | string> {
  try {
    return await asked
  } catch (cause) {
    if (isOfCell(cause)) return cause.message
    throw cause
  }
}

/**
 * Whether an error is about one cell alone: an edit that these texts cannot have. What cannot be written, no cell can write; and a plan of which something is
 * damaged or another has no answers to rely on.
 */
export function isOfCell(cause: unknown): cause is SentenceError {
  if (cause instanceof WriteError || cause instanceof PlanError) return false
  return InputError.isInstance(cause) || cause instanceof UnsteeredError
}
