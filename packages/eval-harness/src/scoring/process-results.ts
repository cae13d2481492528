import { whiteSpaceRun } from '@saeval/python/internal/text/text'
import {
  isDict,
  numberOf,
  type PyDict,
  PyFloat,
  type PyValue,
  toPlain,
  typeName,
} from '@saeval/python/internal/values/value'
import { callFunction, DocFieldError, docToChoice } from '../documents/doc-fields.js'
import { generationMetrics, type OpenMetric } from '../metrics/generation.js'
import type { MetricQuestion } from '../metrics/metric-question.js'
import { goldOf, multipleChoiceMetrics } from '../metrics/multiple-choice.js'
import { ownMetric, scoreOwnMetric } from '../metrics/own-metrics.js'
import { choiceTexts, question, type Task, target } from '../requests/task.js'
import type { TaskRequest } from '../requests/task-request.js'

type TextRequest = Extract<TaskRequest, { readonly type: 'generate_until' }>

/** A document's answers, as metrics see them. */
export interface ScoredAnswers {
  readonly doc: PyDict
  readonly requests: readonly TaskRequest[]
  /** The model's own, a list for each request. */
  readonly answers: readonly (readonly PyValue[])[]
  /** What the filters made of them: one value for each request. */
  readonly results: readonly PyValue[]
}

/** A document's metrics by name. Those that are `known` already are not asked for; `derived` is that of generationMetrics. */
export async function processResults(
  task: Task,
  metrics: readonly OpenMetric[],
  scored: ScoredAnswers,
  known: ReadonlyMap<string, PyValue> = new Map(),
  derived: Map<string, OpenMetric> = new Map(),
): Promise<ReadonlyMap<string, PyValue>> {
  const { doc, results } = scored
  const { config } = task
  if (config.processResults !== null) {
    const values = await callFunction(task.functions.get(config.processResults)!, [doc, results])
    if (isDict(values)) return values
    throw new DocFieldError(`${config.processResults.name} gives a ${typeName(values)}, not a dict of metrics`)
  }
  const own = metrics.filter((metric) => isOwn(metric))
  const values = await lmEvalMetrics(
    task,
    metrics.filter((metric) => !isOwn(metric)),
    doc,
    results,
    derived,
  )
  if (own.length === 0) return values
  const asked = await questionOf(task, scored)
  const scores = new Map(values)
  for (const { config } of own)
    scores.set(config.name, known.get(config.name) ?? (await scoreOwnMetric(config.name, asked, config.settings)))
  return scores
}

function isOwn({ config, function: called }: OpenMetric): boolean {
  return called === null && ownMetric(config.name) !== undefined
}

/** What a document's own metrics are asked. */
export async function questionOf(
  task: Task,
  { doc, requests, answers, results }: ScoredAnswers,
): Promise<MetricQuestion> {
  const plain = { doc: toPlain(doc) as Record<string, unknown> }
  switch (task.config.outputType) {
    case 'loglikelihood':
      return { type: 'loglikelihood', ...plain, ...scored(results[0]!), target: toPlain(await target(task, doc)) }
    case 'loglikelihood_rolling': {
      const logprob = numberOf(results[0]!)
      if (logprob === null) throw new DocFieldError('a filter has left something other than a log-likelihood')
      return { type: 'loglikelihood_rolling', ...plain, text: await rollingText(task, doc), logprob }
    }
    case 'multiple_choice': {
      const choices = await choiceTexts(task, doc)
      const gold = await (task.multipleInput ? question(task, doc) : target(task, doc))
      return {
        type: 'multiple_choice',
        ...plain,
        choices,
        target: goldOf({ choices, gold, multipleTarget: task.multipleTarget }),
        // acc_mutual_info asks for the choices on their own too, behind them
        results: results.slice(0, choices.length).map(scored),
      }
    }
    case 'generate_until':
      return {
        type: 'generate_until',
        ...plain,
        answer: toPlain(results[0]!),
        prompt: (requests[0] as TextRequest).context,
        text: answers[0]![0] as string,
        target: toPlain(await target(task, doc)),
      }
  }
}

async function rollingText(task: Task, doc: PyDict): Promise<string> {
  const text = await target(task, doc)
  if (typeof text !== 'string') throw new DocFieldError(`the target is a ${typeName(text)}, not a text`)
  return text
}

async function lmEvalMetrics(
  task: Task,
  metrics: readonly OpenMetric[],
  doc: PyDict,
  results: readonly PyValue[],
  derived: Map<string, OpenMetric>,
): ReturnType<typeof processResults> {
  const { config } = task
  const names = new Set(metrics.map((metric) => metric.config.name))
  const only = (values: readonly (readonly [string, PyValue])[]) => new Map(values.filter(([name]) => names.has(name)))
  switch (config.outputType) {
    case 'loglikelihood': {
      const { logprob, isGreedy } = scored(results[0]!)
      return only([
        ['perplexity', new PyFloat(logprob)],
        ['acc', isGreedy ? 1 : 0],
      ])
    }
    case 'loglikelihood_rolling': {
      const text = await rollingText(task, doc)
      return only(rollingValues(results[0]!, text))
    }
    case 'multiple_choice':
      return multipleChoiceMetrics(
        {
          choices: await choiceTexts(task, doc),
          gold: await (task.multipleInput ? question(task, doc) : target(task, doc)),
          multipleTarget: task.multipleTarget,
          results: results.map(scored),
        },
        [...names],
      )
    case 'generate_until':
      return generationMetrics(
        {
          result: results[0]!,
          target: await target(task, doc),
          choices: task.hasChoices ? await docToChoice(task.rules.choice, doc, task) : null,
          multipleTarget: task.multipleTarget,
        },
        metrics,
        derived,
      )
  }
}

/** The log-likelihood of a text with its number of words (parts between runs of white space) or of UTF-8 bytes. */
export function rollingValues(logprob: PyValue, text: string): (readonly [string, PyValue])[] {
  const words = text.split(whiteSpaceRun).length
  const bytes = Buffer.byteLength(text)
  return [
    ['word_perplexity', [logprob, words]],
    ['byte_perplexity', [logprob, bytes]],
    ['bits_per_byte', [logprob, bytes]],
  ]
}

/** A log-likelihood answer that filters may have taken apart. */
function scored(result: PyValue): { logprob: number; isGreedy: boolean } {
  const [logprob, isGreedy] = Array.isArray(result) ? (result as readonly PyValue[]) : []
  const number = numberOf(logprob)
  if (number === null || typeof isGreedy !== 'boolean')
    throw new DocFieldError('a filter has left something other than a log-likelihood; use take_first')
  return { logprob: number, isGreedy }
}
