import { type HubOptions, InputError } from '@saeval/hub'
import type { Dataset, Split } from '@saeval/python/internal/functions/dataset'
import { FunctionReference } from '@saeval/python/internal/functions/function-reference'
import { type FunctionResolver, noFunctions, type TaskFunction } from '@saeval/python/internal/functions/task-function'
import { pyStr } from '@saeval/python/internal/text/text'
import { isDict, numberOf, type PyDict, PyFloat, type PyValue, typeName } from '@saeval/python/internal/values/value'
import { loadDataset } from '../datasets/load-dataset.js'
import {
  callFunction,
  DocFieldError,
  docToChoice,
  docToTarget,
  docToText,
  type FieldRules,
  type Rule,
} from '../documents/doc-fields.js'
import { inTask } from '../documents/in-task.js'
import { withoutFunctions } from '../tasks/fewshot-config.js'
import type { TaskConfig } from '../tasks/task-config.js'
import type { YamlValue } from '../yaml/yaml.js'
import { type FewshotSampler, fewshotSampler } from './fewshot-sampler.js'

/** A task with its documents, ready to be asked. */
export interface Task {
  readonly config: TaskConfig
  /** The evaluated documents, after process_docs. */
  readonly docs: Split
  readonly hasChoices: boolean
  readonly rules: TaskRules
  /** Of the evaluated split; few-shot documents are read by them too. */
  readonly columns: readonly string[]
  /** The choices are questions and the answer is the same for all of them (winogrande); lm_eval decides by the first document. */
  readonly multipleInput: boolean
  /** Several answers are right; lm_eval decides by the first document. */
  readonly multipleTarget: boolean
  /** null without few-shot examples. */
  readonly sampler: FewshotSampler | null
  /** The task's Python functions by their references. */
  readonly functions: ReadonlyMap<FunctionReference, TaskFunction>
  /** The configuration as results.json shows it. */
  readonly dump: PyDict
}

/** How a task makes prompts of documents, Python functions resolved. */
export interface TaskRules {
  readonly text: Rule
  readonly target: Rule
  readonly choice: Rule
  readonly fewshot: { readonly text: Rule; readonly target: Rule; readonly choice: Rule }
}

export interface OpenTaskOptions {
  readonly functions?: FunctionResolver
  readonly fewshotSeed: number
  readonly hub?: HubOptions
  /** Folder that relative paths of local data are looked up in; the working folder by default. */
  readonly dataFolder?: string
  /** Instead of the dataset that the task names. */
  readonly dataset?: Dataset
}

/** Opens a task's dataset, functions and few-shot pool. Throws InputError naming the task. */
export async function openTask(config: TaskConfig, options: OpenTaskOptions): Promise<Task> {
  const resolver = options.functions ?? noFunctions
  const functions = await resolveFunctions(config, resolver)
  const rule = (value: YamlValue): Rule =>
    value instanceof FunctionReference ? functions.get(value)! : (value as PyValue)
  const { fewshot } = config
  const rules: TaskRules = {
    text: rule(config.docToText),
    target: rule(config.docToTarget),
    choice: rule(config.docToChoice),
    fewshot: {
      text: rule(fewshot.docToText),
      target: rule(fewshot.docToTarget),
      choice: rule(fewshot.docToChoice),
    },
  }
  const dataset = options.dataset ?? (await openDataset(config, resolver, options))
  const split = splitReader(dataset, resolver)
  const docs = await split((config.testSplit ?? config.validationSplit)!, config.processDocs)
  const [first] = await docs.rows(0, 1)
  if (first === undefined)
    throw new InputError(
      `task ${config.task}: split "${config.testSplit ?? config.validationSplit}" of ${dataset.name} has no documents`,
    )
  const hasChoices = config.docToChoice !== null
  const shape = await inTask(config.task, 0, () => shapeOf(rules, first, { columns: docs.columns, hasChoices }))
  return {
    config,
    docs,
    hasChoices,
    columns: docs.columns,
    rules,
    ...shape,
    sampler: await openSampler(config, split, functions, options.fewshotSeed),
    functions,
    dump: dumpOf(config, functions),
  }
}

/** What lm_eval learns from the first document, and what it checks there. */
async function shapeOf(
  rules: TaskRules,
  first: PyDict,
  read: FieldRules,
): Promise<Pick<Task, 'multipleInput' | 'multipleTarget'>> {
  const text = await docToText(rules.text, first, read)
  const answer = await docToTarget(rules.target, first, read)
  if (read.hasChoices) {
    const choices = await docToChoice(rules.choice, first, read)
    const place = indexOf(answer)
    if (place !== null && (place >= choices.length || place < -choices.length))
      throw new DocFieldError(
        `the target is ${pyStr(answer)}, which is not the place of one of the ${choices.length} choices`,
      )
    if (choices.includes('')) throw new DocFieldError(`choice ${choices.indexOf('') + 1} is empty`)
  }
  return {
    multipleInput: read.hasChoices && indexOf(text) !== null,
    // an empty list is no list to lm_eval
    multipleTarget: Array.isArray(answer) && answer.length > 0,
  }
}

/** A value that Python takes as an index; null for others. */
function indexOf(value: PyValue): number | null {
  return value instanceof PyFloat ? null : numberOf(value)
}

async function openDataset(
  config: TaskConfig,
  resolver: FunctionResolver,
  { hub = {}, dataFolder }: OpenTaskOptions,
): Promise<Dataset> {
  if (config.customDataset !== null) {
    const load = await resolver.customDataset(config.customDataset)
    return load(new Map([...config.metadata, ...config.datasetKwargs]))
  }
  return loadDataset({
    path: config.datasetPath!,
    name: config.datasetName,
    kwargs: config.datasetKwargs,
    ...(dataFolder === undefined ? {} : { folder: dataFolder }),
    hub,
  })
}

type SplitReader = (name: string, process: FunctionReference | null) => Promise<Split>

/** Reads splits after process_docs, each only once. */
function splitReader(dataset: Dataset, resolver: FunctionResolver): SplitReader {
  const processed = new Map<string, Promise<Split>>()
  const read = async (name: string, process: FunctionReference | null) => {
    const split = await dataset.split(name)
    return process === null ? split : (await resolver.processDocs(process))(split)
  }
  return (name, process) => {
    const key = `${name}\n${process?.file} ${process?.name}`
    const known = processed.get(key) ?? read(name, process)
    processed.set(key, known)
    return known
  }
}

/** Finds a task's Python functions by their references. Throws InputError for one that cannot be run. */
export async function resolveFunctions(
  config: TaskConfig,
  resolver: FunctionResolver,
): Promise<ReadonlyMap<FunctionReference, TaskFunction>> {
  const { fewshot } = config
  const wanted: [YamlValue | undefined, Parameters<FunctionResolver['resolve']>[1]][] = [
    [config.processDocs, 'process_docs'],
    [config.docToText, 'doc_to_text'],
    [config.docToTarget, 'doc_to_target'],
    [config.docToChoice, 'doc_to_choice'],
    [fewshot.docToText, 'doc_to_text'],
    [fewshot.docToTarget, 'doc_to_target'],
    [fewshot.docToChoice, 'doc_to_choice'],
    [(config.numFewshot ?? 0) > 0 ? (fewshot.samples as YamlValue) : null, 'samples'],
    [config.processResults, 'process_results'],
    ...config.metricList.flatMap((metric): typeof wanted => [
      [config.processResults === null ? metric.function : null, 'metric'],
      [metric.aggregation, 'aggregation'],
    ]),
    ...config.filters.flatMap(({ steps }) =>
      steps.flatMap((step): typeof wanted => [
        [step.function, 'filter'],
        [step.settings.get('filter_fn'), 'filter_fn'],
      ]),
    ),
  ]
  const functions = new Map<FunctionReference, TaskFunction>()
  for (const [value, use] of wanted) {
    if (!(value instanceof FunctionReference) || functions.has(value)) continue
    functions.set(value, await resolver.resolve(value, use))
  }
  return functions
}

/** Functions show as their source where lm_eval prints it: in fields of the task itself and in metric_list. */
function dumpOf(config: TaskConfig, functions: ReadonlyMap<FunctionReference, TaskFunction>): PyDict {
  const source = (reference: FunctionReference) =>
    functions.get(reference)?.source ?? `<function ${reference.functionName}>`
  const name = (reference: FunctionReference) => `<function ${reference.functionName}>`
  return new Map(
    [...config.dump].map(([field, value]) => [
      field,
      withoutFunctions(value, value instanceof FunctionReference || field === 'metric_list' ? source : name),
    ]),
  )
}

async function openSampler(
  config: TaskConfig,
  split: SplitReader,
  functions: ReadonlyMap<FunctionReference, TaskFunction>,
  seed: number,
): Promise<FewshotSampler | null> {
  if ((config.numFewshot ?? 0) === 0) return null
  const { fewshot } = config
  const pool = async (): Promise<readonly PyDict[]> => {
    if (fewshot.split !== null) return (await split(fewshot.split, fewshot.processDocs)).rows()
    if (fewshot.samples === null) {
      const name = config.trainingSplit ?? config.validationSplit ?? config.testSplit
      return (await split(name!, config.processDocs)).rows()
    }
    if (!(fewshot.samples instanceof FunctionReference)) return fewshot.samples
    const samples = await inTask(config.task, null, () =>
      callFunction(functions.get(fewshot.samples as FunctionReference)!, []),
    )
    if (Array.isArray(samples) && samples.every(isDict)) return samples
    throw new InputError(
      `task ${config.task}: ${fewshot.samples.name} gives a ${typeName(samples)}, not a list of documents`,
    )
  }
  return fewshotSampler(fewshot.sampler, await pool(), seed)
}

/** The document's choices as texts. */
export async function choiceTexts(task: Task, doc: PyDict): Promise<string[]> {
  return (await docToChoice(task.rules.choice, doc, task)).map((choice) => {
    if (typeof choice !== 'string') throw new DocFieldError('doc_to_choice gives something other than texts')
    return choice
  })
}

/** The document's question; the index of the right choice where the choices are the questions. */
export function question(task: Task, doc: PyDict): Promise<PyValue> {
  return docToText(task.rules.text, doc, task)
}

/** The document's answer. */
export function target(task: Task, doc: PyDict): Promise<PyValue> {
  return docToTarget(task.rules.target, doc, task)
}
