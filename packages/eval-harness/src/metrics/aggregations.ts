import { numberOf, type PyValue } from '../python/value.js'

/** One value of a metric for each document. */
type Items = readonly PyValue[]

/** Makes one number of a metric's values; throws TypeError for values it is not made for. */
export type Aggregation = (items: Items) => number

/** Sum divided by count, added up from the left as Python before 3.12 does. */
export function mean(items: Items): number {
  return items.reduce((sum: number, item) => sum + numeric(item), 0) / items.length
}

/** The element in the middle of the sorted values, the later one of two. */
export function median(items: Items): number {
  return items.map(numeric).sort((a, b) => a - b)[Math.floor(items.length / 2)]!
}

/** Mean of the values that are numbers; NaN without any. */
export function nanmean(items: Items): number {
  return mean(items.filter((item) => !Number.isNaN(numeric(item))))
}

/** exp(-mean). */
export function perplexity(items: Items): number {
  return Math.exp(-mean(items))
}

/** F1 of class 1 over (gold, predicted) pairs: 2 TP / (2 TP + FP + FN), 0 where nothing is positive (scikit-learn's binary f1_score). */
export function f1(items: Items): number {
  const labels = new Set(items.flatMap(pair))
  if (labels.size > 2 || (labels.size === 2 && !labels.has(1))) throw new TypeError('labels other than 0 and 1')
  const [truePositive, falsePositive, falseNegative] = [count(items, 1, 1), count(items, 0, 1), count(items, 1, 0)]
  const total = 2 * truePositive + falsePositive + falseNegative
  return total === 0 ? 0 : (2 * truePositive) / total
}

/** Matthews correlation coefficient over (gold, predicted) pairs of any number of classes (scikit-learn's matthews_corrcoef). */
export function matthewsCorrcoef(items: Items): number {
  const pairs = items.map(pair)
  const classes = [...new Set(pairs.flat())]
  const golds = classes.map((label) => pairs.filter(([gold]) => gold === label).length)
  const predictions = classes.map((label) => pairs.filter(([, predicted]) => predicted === label).length)
  const n = pairs.length
  const correct = pairs.filter(([gold, predicted]) => gold === predicted).length
  const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, value, i) => sum + value * b[i]!, 0)
  const spread = (n * n - dot(predictions, predictions)) * (n * n - dot(golds, golds))
  return spread === 0 ? 0 : (correct * n - dot(golds, predictions)) / Math.sqrt(spread)
}

/** Mean over documents of the sum over choices of (probability - [right])^2; values are (gold, probabilities). */
export function brierScore(items: Items): number {
  const scores = items.map((item) => {
    const [gold, probabilities] = item as readonly [PyValue, readonly PyValue[]]
    const right = numeric(gold) < 0 ? probabilities.length + numeric(gold) : numeric(gold)
    if (right < 0) throw new TypeError('a document whose answer is not among its choices has no Brier score')
    return probabilities.reduce(
      (sum: number, probability, i) => sum + (numeric(probability) - (i === right ? 1 : 0)) ** 2,
      0,
    )
  })
  return scores.reduce((sum, score) => sum + score, 0) / scores.length
}

function numeric(value: PyValue): number {
  const found = numberOf(value)
  if (found === null) throw new TypeError('values that are not numbers')
  return found
}

function pair(item: PyValue): readonly [number, number] {
  const [gold, predicted] = item as readonly [PyValue, PyValue]
  return [numeric(gold), numeric(predicted)]
}

function count(items: Items, gold: number, predicted: number): number {
  return items.map(pair).filter(([a, b]) => (a === 1 ? 1 : 0) === gold && (b === 1 ? 1 : 0) === predicted).length
}
