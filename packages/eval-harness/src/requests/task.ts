import { InputError } from '@saeval/hub'
import type { Dataset } from '../datasets/dataset.js'
import type { PyDict, PyValue } from '../python/value.js'
import type { TaskConfig } from '../tasks/task-config.js'
import { DocFieldError, docToChoice, docToTarget, docToText, type FieldRules } from './doc-fields.js'
import { type FewshotSampler, fewshotSampler } from './fewshot-sampler.js'

/** A task with its documents, ready to be asked. */
export interface Task {
  readonly config: TaskConfig
  /** All documents of the evaluated split. */
  readonly docs: readonly PyDict[]
  readonly rules: FieldRules
  /** The choices are questions and the answer is the same for all of them (winogrande); lm_eval decides by the first document. */
  readonly multipleInput: boolean
  /** Several answers are right; lm_eval decides by the first document. */
  readonly multipleTarget: boolean
  /** null without few-shot examples. */
  readonly sampler: FewshotSampler | null
}

/** Reads a task's documents and few-shot pool. Throws InputError naming the task. */
export async function openTask(config: TaskConfig, dataset: Dataset, fewshotSeed: number): Promise<Task> {
  const evaluated = config.testSplit ?? config.validationSplit
  if (evaluated === null) throw new InputError(`task ${config.task} names neither a test_split nor a validation_split`)
  const split = await dataset.split(evaluated)
  const docs = await split.rows()
  const first = docs[0]
  if (first === undefined) throw new InputError(`task ${config.task}: split "${evaluated}" of ${dataset.name} is empty`)
  const rules = { columns: split.columns, hasChoices: config.docToChoice !== null }
  const shape = inTask(config.task, 0, () => ({
    multipleInput: rules.hasChoices && typeof docToText(config.docToText, first, rules) === 'number',
    multipleTarget: Array.isArray(docToTarget(config.docToTarget, first, rules)),
  }))
  return { config, docs, rules, ...shape, sampler: await openSampler(config, dataset, fewshotSeed) }
}

async function openSampler(config: TaskConfig, dataset: Dataset, seed: number): Promise<FewshotSampler | null> {
  if ((config.numFewshot ?? 0) === 0) return null
  const { samples, sampler } = config.fewshot
  const split =
    config.fewshot.split ??
    (samples === null ? (config.trainingSplit ?? config.validationSplit ?? config.testSplit) : null)
  const pool = split === null ? samples! : await (await dataset.split(split)).rows()
  return fewshotSampler(sampler, pool, seed)
}

/** Runs `step` for a document; what its rules cannot do becomes an InputError that names task and document. */
export function inTask<Result>(task: string, docId: number, step: () => Result): Result {
  try {
    return step()
  } catch (cause) {
    if (cause instanceof DocFieldError || cause instanceof RangeError)
      throw new InputError(`task ${task}, document ${docId}: ${cause.message}`, { cause })
    throw cause
  }
}

/** The document's choices as texts. */
export function choiceTexts(task: Task, doc: PyDict): string[] {
  return docToChoice(task.config.docToChoice, doc, task.rules).map((choice) => {
    if (typeof choice !== 'string') throw new DocFieldError('doc_to_choice gives something other than texts')
    return choice
  })
}

/** The document's question; the index of the right choice where the choices are the questions. */
export function question(task: Task, doc: PyDict): PyValue {
  return docToText(task.config.docToText, doc, task.rules)
}

/** The document's answer. */
export function target(task: Task, doc: PyDict): PyValue {
  return docToTarget(task.config.docToTarget, doc, task.rules)
}
