import { type TaskFunction, TaskFunctionError } from '@saeval/python/internal/functions/task-function'
import { RegexError } from '@saeval/python/internal/regex/regex-translator'
import { literalEval } from '@saeval/python/internal/text/literal'
import { pyStr, strip } from '@saeval/python/internal/text/text'
import {
  equals,
  isDict,
  isTrue,
  numberOf,
  type PyDict,
  PyFloat,
  type PyValue,
  typeName,
} from '@saeval/python/internal/values/value'
import { callFunction, DocFieldError } from '../documents/doc-fields.js'
import { exactMatch } from './exact-match.js'
import type { MetricConfig } from './metric-config.js'

/** A metric with its Python function, where it has one. */
export interface OpenMetric {
  readonly config: MetricConfig
  readonly function: TaskFunction | null
}

export interface GenerationAnswer {
  /** The filtered answer; a list where the filters leave several. */
  readonly result: PyValue
  readonly target: PyValue
  /** null without doc_to_choice; with it the target is an index. */
  readonly choices: readonly PyValue[] | null
  readonly multipleTarget: boolean
}

/**
 * The values of a generated answer's metrics (ConfigurableTask.process_results). A metric function that gives a dict adds its members;
 * `derived` gathers them as metrics with the aggregation and direction of the one that gave them first.
 */
export async function generationMetrics(
  answer: GenerationAnswer,
  metrics: readonly OpenMetric[],
  derived: Map<string, OpenMetric> = new Map(),
): Promise<Map<string, PyValue>> {
  const gold = goldOf(answer, metrics)
  // exact_match of several targets leaves the answer repeated for the metrics behind it, as in lm_eval
  let { result } = answer
  const values = new Map<string, PyValue>()
  for (const metric of metrics) {
    const { name } = metric.config
    let value: PyValue
    if (!answer.multipleTarget) value = await measure(metric, gold, result)
    else {
      const golds = Array.isArray(gold) ? (gold as readonly PyValue[]) : [gold]
      if (name === 'exact_match' && metric.function === null) {
        result = golds.map(() => result)
        value = new PyFloat(matched(result as readonly PyValue[], golds, metric.config.settings) > 0 ? 1 : 0)
      } else {
        let any = false
        for (const option of golds) {
          const score = await measure(metric, option, result)
          any = isTrue(isDict(score) ? (score.get(name) ?? null) : score) || any
        }
        value = new PyFloat(any ? 1 : 0)
      }
    }
    if (!isDict(value)) values.set(name, value)
    else
      for (const [key, part] of value) {
        values.set(key, part)
        if (!derived.has(key)) derived.set(key, { ...metric, config: { ...metric.config, name: key } })
      }
  }
  return values
}

/** The reference as the metrics get it: a choice's text, a list, or a value of the answer's type. */
function goldOf(
  { result, target, choices, multipleTarget }: GenerationAnswer,
  metrics: readonly OpenMetric[],
): PyValue {
  if (choices !== null) {
    const index = numberOf(target)
    const choice = index === null || target instanceof PyFloat ? undefined : choices.at(index)
    if (choice === undefined) throw new DocFieldError(`the target ${pyStr(target)} is not the place of a choice`)
    return choice
  }
  if (multipleTarget) {
    if (Array.isArray(target)) return target
    // Python's list() of a text
    if (typeof target === 'string') return [...target]
    throw new DocFieldError(`the target is a ${typeName(target)}, where the first document has a list`)
  }
  const bypass = metrics.some(({ config }) => config.name === 'bypass')
  return typeName(target) === typeName(result) || bypass || Array.isArray(result) ? target : cast(target, result)
}

/** type(result)(gold) */
function cast(gold: PyValue, result: PyValue): PyValue {
  const kind = typeName(result)
  if (kind === 'str') return pyStr(gold)
  const number = typeof gold === 'string' ? parsed(gold) : numberOf(gold)
  if (kind === 'int' && number !== null && !(typeof gold === 'string' && !/^\s*[+-]?\d+\s*$/.test(gold)))
    return Math.trunc(number)
  if (kind === 'float' && number !== null) return new PyFloat(number)
  if (kind === 'bool') return isTrue(gold)
  throw new DocFieldError(`the target ${pyStr(gold)} cannot become a ${kind}, which the answer is`)
}

function parsed(text: string): number | null {
  try {
    return numberOf(literalEval(strip(text, 'both')))
  } catch {
    return null
  }
}

/** One metric of one reference and answer. */
async function measure(metric: OpenMetric, gold: PyValue, result: PyValue): Promise<PyValue> {
  const { name, settings, hfEvaluate } = metric.config
  if (metric.function !== null) return callMetric(metric.function, gold, result, settings)
  if (hfEvaluate) return new PyFloat(evaluateMetric(name, gold, result, settings))
  if (name === 'exact_match') return new PyFloat(matched([result], [gold], settings))
  // the other registered metrics hand the pair on to their aggregation
  return name === 'bypass' ? null : [gold, result]
}

async function callMetric(fn: TaskFunction, gold: PyValue, result: PyValue, settings: PyDict): Promise<PyValue> {
  const keywords = new Map<string, PyValue>([['references', [gold]], ['predictions', [result]], ...settings])
  try {
    return await fn.call([], keywords)
  } catch (error) {
    if (!(error instanceof TaskFunctionError)) throw error
    if (error.exception !== 'TypeError')
      throw new DocFieldError(`${fn.reference.name}: ${error.exception}: ${error.message}`, { cause: error })
    // lm_eval's own interface of metrics
    return callFunction(fn, [[gold, result]])
  }
}

function matched(predictions: readonly PyValue[], references: readonly PyValue[], settings: PyDict): number {
  try {
    return exactMatch(predictions, references, settings)
  } catch (cause) {
    if (!(cause instanceof TypeError || cause instanceof RegexError)) throw cause
    throw new DocFieldError(`exact_match: ${cause.message}`, { cause })
  }
}

/** Metrics of Hugging Face's evaluate library on one pair of labels, by scikit-learn's rules. */
function evaluateMetric(name: string, gold: PyValue, result: PyValue, settings: PyDict): number {
  if (name === 'exact_match') return matched([result], [gold], settings)
  const [reference, prediction] = [numberOf(gold), numberOf(result)]
  if (reference === null || prediction === null)
    throw new DocFieldError(`${name} compares whole numbers, here a ${typeName(gold)} and a ${typeName(result)}`)
  const right = equals(gold, result)
  const average = settings.get('average') ?? 'binary'
  if (name === 'accuracy' || average !== 'binary') return right ? 1 : 0
  if (!right && reference !== 1 && prediction !== 1) throw new DocFieldError('f1 without average needs labels 0 and 1')
  return right && reference === 1 ? 1 : 0
}
