import { evaluatePrepared, type PreparedTask } from '@saeval/eval-harness'
import { InputError } from '@saeval/hub'
import type { LanguageModel } from '@saeval/language-model'
import { type PyDict, PyFloat, type PyValue } from '@saeval/python'

/** What one document scored. */
export interface DocumentValue {
  readonly docId: number
  /** Metrics that are numbers, by name. */
  readonly metrics: ReadonlyMap<string, number>
  /** The model's first answer to each request: a log-probability in nats, or a text. */
  readonly answers: readonly (number | string)[]
}

/** What documents scored, by task, in the tasks' order. Of several filters the first one's. */
export type DocumentValues = ReadonlyMap<string, readonly DocumentValue[]>

export interface DocumentOptions {
  /** Seed of sampled texts. */
  readonly seed: number
  readonly signal?: AbortSignal | undefined
}

/** Asks a model the documents of tasks, and gives every metric of every document that is a number. */
export async function documentValues(
  tasks: readonly PreparedTask[],
  model: LanguageModel,
  { seed, signal }: DocumentOptions,
): Promise<DocumentValues> {
  const nodes = tasks.map(({ task }) => ({ kind: 'task', config: task.config }) as const)
  const { samples } = await evaluatePrepared(
    { nodes, tasks },
    { model, generationSeed: seed, bootstrapIterations: 0, ...(signal ? { signal } : {}) },
  )
  return new Map(
    [...samples].map(([task, lines]) => {
      const first = lines[0]?.get('filter')
      const own = lines.filter((line) => line.get('filter') === first)
      return [task, own.map(documentValue)]
    }),
  )
}

function documentValue(line: PyDict): DocumentValue {
  const numbers = (line.get('metrics') as readonly string[]).flatMap((name) => {
    const value = plainNumber(line.get(name))
    return value === null ? [] : [[name, value] as const]
  })
  // sample lines hold answers as texts, a log-likelihood as the pair of its texts
  const answers = (line.get('resps') as readonly (readonly PyValue[])[]).map(([first]) =>
    typeof first === 'string' ? first : Number(String((first as readonly PyValue[])[0]).replace(/inf$/, 'Infinity')),
  )
  return { docId: line.get('doc_id') as number, metrics: new Map(numbers), answers }
}

/** The same task with these documents alone. */
export function withDocuments(task: PreparedTask, docIds: ReadonlySet<number>): PreparedTask {
  return { ...task, asked: task.asked.filter(({ docId }) => docIds.has(docId)) }
}

/** The task with the metric `choice_margin` in place of its own. Throws InputError for a task that has none. */
export function withMargin(task: PreparedTask): PreparedTask {
  if (!hasMargin(task))
    throw new InputError(
      `task ${task.task.config.task} has no margin: only tasks of multiple choice that are scored without Python have`,
    )
  return { ...task, metrics: [margin] }
}

/** The task with the metric `choice_margin` beside its own; the task itself where it has none. */
export function plusMargin(task: PreparedTask): PreparedTask {
  const isThere = task.metrics.some(({ config }) => config.name === margin.config.name)
  return isThere || !hasMargin(task) ? task : { ...task, metrics: [...task.metrics, margin] }
}

const margin: PreparedTask['metrics'][number] = {
  config: {
    name: 'choice_margin',
    function: null,
    hfEvaluate: false,
    settings: new Map(),
    aggregation: 'mean',
    higherIsBetter: true,
  },
  function: null,
}

/** Whether the task's documents have margins: those of multiple choice, scored without Python. */
export function hasMargin({ task: { config } }: PreparedTask): boolean {
  return config.outputType === 'multiple_choice' && config.processResults === null
}

function plainNumber(value: PyValue | undefined): number | null {
  if (value instanceof PyFloat) return value.value
  if (typeof value === 'boolean') return Number(value)
  return typeof value === 'number' ? value : null
}
