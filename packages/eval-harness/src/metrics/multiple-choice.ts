import type { LoglikelihoodResult } from '@saeval/language-model'
import { codePoints, pyRepr } from '@saeval/python/internal/text/text'
import { numberOf, PyFloat, type PyValue } from '@saeval/python/internal/values/value'
import { DocFieldError } from '../documents/doc-fields.js'
import { pairwiseSum } from './pairwise-sum.js'

export interface MultipleChoiceAnswer {
  readonly choices: readonly string[]
  /** The right answer: an index, one of the choices, or a list of indices. */
  readonly gold: PyValue
  readonly multipleTarget: boolean
  /** One result for each choice; twice as many when the unconditional ones of acc_mutual_info follow. */
  readonly results: readonly LoglikelihoodResult[]
}

/** What lm_eval takes for an answer that is not among the choices. */
const missing = -100

/**
 * The values of a document's metrics, in lm_eval's order (ConfigurableTask.process_results): acc is 1.0 when the most likely choice is the
 * right one, acc_norm divides the log-likelihoods by the choices' lengths in code points, acc_bytes by their lengths in UTF-8 bytes,
 * acc_mutual_info subtracts the log-likelihoods of the choices on their own.
 */
export function multipleChoiceMetrics(answer: MultipleChoiceAnswer, metrics: readonly string[]): Map<string, PyValue> {
  const { choices, results } = answer
  const n = choices.length
  const all = results.map((result) => result.logprob)
  const conditional = results.length === 2 * n && metrics.includes('acc_mutual_info') ? all.slice(0, n) : all
  const gold = goldOf(answer)
  const right = (prediction: number) =>
    new PyFloat((Array.isArray(gold) ? gold.includes(prediction) : gold === prediction) ? 1 : 0)
  const prediction = argmax(conditional)
  const values: Readonly<Record<string, () => PyValue>> = {
    acc: () => right(prediction),
    f1: () => [gold, prediction],
    mcc: () => [gold, prediction],
    acc_norm: () => right(argmax(conditional.map((value, i) => value / codePoints(choices[i]!)))),
    acc_bytes: () => right(argmax(conditional.map((value, i) => value / Buffer.byteLength(choices[i]!)))),
    exact_match: () =>
      ([] as number[]).concat(gold).some((index) => index !== missing && results.at(index)?.isGreedy) ? 1 : 0,
    brier_score: () => [gold, softmax(conditional).map((value) => new PyFloat(value))],
    likelihood: () => [gold, conditional.map((value) => new PyFloat(value))],
    acc_mutual_info: () => right(argmax(conditional.map((value, i) => value - all[n + i]!))),
  }
  return new Map(
    Object.entries(values).flatMap(([name, value]) => (metrics.includes(name) ? [[name, value()] as const] : [])),
  )
}

/**
 * Index of the right answer among the choices as lm_eval takes it, below 0 where it is none of them; or a list of indices. Throws
 * DocFieldError for what lm_eval stops at: lists where the first document has none and the other way round, floats, null, texts in a list.
 */
export function goldOf({ gold, choices, multipleTarget }: Omit<MultipleChoiceAnswer, 'results'>): number | number[] {
  const index = (value: PyValue): number => {
    if (typeof value === 'string' && !multipleTarget) return choices.includes(value) ? choices.indexOf(value) : missing
    const found = value instanceof PyFloat ? null : numberOf(value)
    if (found === null) throw new DocFieldError(`the target ${pyRepr(gold)} does not tell the places of choices`)
    return found < choices.length ? found : missing
  }
  // lm_eval decides by the first document and fails on others
  if (Array.isArray(gold) !== multipleTarget)
    throw new DocFieldError(
      `the target is ${multipleTarget ? 'one answer' : 'a list'}, but that of the first document is ${multipleTarget ? 'a list' : 'one answer or an empty list'}`,
    )
  return Array.isArray(gold) ? gold.map(index) : index(gold)
}

/** Index of the largest value, the first of equals; NaN wins as in numpy. */
function argmax(values: readonly number[]): number {
  let best = 0
  for (let i = 1; i < values.length; i++) {
    if (Number.isNaN(values[best])) break
    if (Number.isNaN(values[i]) || values[i]! > values[best]!) best = i
  }
  return best
}

/** exp(x - max) / sum. */
export function softmax(values: readonly number[]): number[] {
  const max = Math.max(...values)
  const powers = values.map((value) => Math.exp(value - max))
  const sum = pairwiseSum(powers)
  return powers.map((value) => value / sum)
}
