import { isDict, numberOf, type PyDict, PyFloat, type PyValue, typeName } from '@saeval/python/internal/values/value'
import { bleu } from './bleu.js'
import { chrf, chrfPlusPlus } from './chrf.js'
import { type CorpusScore, prepareCorpus } from './corpus-score.js'
import { pairwiseSum } from './pairwise-sum.js'
import { ter } from './ter.js'

/** One value of a metric for each document. */
export type Items = readonly PyValue[]

/** The aggregate of the items at these places; a place may occur more than once. */
export type Selection = (places: ArrayLike<number>) => number

/** Makes one number of a metric's values. */
export interface Aggregation {
  /** Name of lm_eval's function, which it prints when it resamples. */
  readonly functionName: string
  /** How lm_eval estimates the standard error; null: it does not. */
  readonly stderr: 'mean' | 'bootstrap' | 'acc_all' | null
  /** Reads the values once; throws TypeError for values it is not made for. */
  prepare(items: Items): Selection
  /** The aggregate as Python has it where that is not a float. */
  readonly value?: (items: Items) => PyValue
}

/** The aggregate of all items. Throws TypeError for values the aggregation is not made for. */
export function aggregate(aggregation: Aggregation, items: Items): PyValue {
  if (aggregation.value) return aggregation.value(items)
  return new PyFloat(aggregation.prepare(items)(items.map((_, place) => place)))
}

/** lm_eval's aggregations by name; sums run from the left, as Python's before 3.12, where numpy does not add. */
export const aggregations: Readonly<Record<string, Aggregation>> = {
  mean: { functionName: 'mean', stderr: 'mean', prepare: (items) => meanOf(numbers(items)) },
  median: {
    functionName: 'median',
    stderr: 'bootstrap',
    prepare: (items) => {
      const values = numbers(items)
      return (places) => {
        const chosen = Float64Array.from({ length: places.length }, (_, i) => values[places[i]!]!).sort()
        return chosen[Math.floor(chosen.length / 2)]!
      }
    },
    // the element in the middle of the sorted values, the later one of two
    value: (items) => [...items].sort((a, b) => numeric(a) - numeric(b))[Math.floor(items.length / 2)]!,
  },
  nanmean: { functionName: 'nanmean', stderr: 'bootstrap', prepare: nanmean },
  perplexity: {
    functionName: 'perplexity',
    stderr: 'bootstrap',
    prepare: (items) => {
      const mean = meanOf(numbers(items))
      return (places) => Math.exp(-mean(places))
    },
  },
  weighted_perplexity: {
    functionName: 'weighted_perplexity',
    stderr: null,
    prepare: (items) => {
      const ratio = weightedMean(items)
      return (places) => Math.exp(-ratio(places))
    },
  },
  bits_per_byte: {
    functionName: 'bits_per_byte',
    stderr: null,
    prepare: (items) => {
      const ratio = weightedMean(items)
      return (places) => -ratio(places) / Math.log(2)
    },
  },
  f1: { functionName: 'f1_score', stderr: 'bootstrap', prepare: f1 },
  matthews_corrcoef: { functionName: 'matthews_corrcoef', stderr: 'bootstrap', prepare: matthewsCorrcoef },
  brier_score: { functionName: 'brier_score', stderr: null, prepare: brierScore },
  bleu: corpus('bleu', bleu),
  chrf: corpus('chrf', chrf),
  'chrf++': corpus('chrfpp', chrfPlusPlus),
  ter: corpus('ter', ter),
  acc_all: { functionName: 'acc_all', stderr: 'acc_all', prepare: (items) => allRight(items, paragraphAndQuestion) },
  bypass: { functionName: 'bypass_agg', stderr: null, prepare: () => () => 999, value: () => 999 },
}

function corpus(functionName: string, score: CorpusScore): Aggregation {
  return { functionName, stderr: 'bootstrap', prepare: (items) => prepareCorpus(score, items) }
}

function meanOf(values: readonly number[]): Selection {
  return (places) => {
    let sum = 0
    for (let i = 0; i < places.length; i++) sum += values[places[i]!]!
    return sum / places.length
  }
}

/** Mean of the values that are numbers; NaN without any. */
function nanmean(items: Items): Selection {
  const values = numbers(items)
  return (places) => {
    // numpy adds 0 in their place
    const chosen = new Float64Array(places.length)
    let count = 0
    for (let i = 0; i < places.length; i++) {
      const value = values[places[i]!]!
      if (Number.isNaN(value)) continue
      chosen[i] = value
      count++
    }
    return pairwiseSum(chosen) / count
  }
}

/** Sum of the first members over the sum of the second ones. */
function weightedMean(items: Items): Selection {
  const pairs = items.map(pair)
  return (places) => {
    let [sum, weights] = [0, 0]
    for (let i = 0; i < places.length; i++) {
      const [value, weight] = pairs[places[i]!]!
      sum += value
      weights += weight
    }
    return sum / weights
  }
}

/** F1 of class 1 over (gold, predicted) pairs: 2 TP / (2 TP + FP + FN), 0 where nothing is positive (scikit-learn's binary f1_score). */
function f1(items: Items): Selection {
  const pairs = items.map(pair)
  return (places) => {
    const labels = new Set<number>()
    let [both, positive] = [0, 0]
    for (let i = 0; i < places.length; i++) {
      const [gold, predicted] = pairs[places[i]!]!
      labels.add(gold).add(predicted)
      if (gold === 1 && predicted === 1) both++
      positive += Number(gold === 1) + Number(predicted === 1)
    }
    if (labels.size > 2 || (labels.size === 2 && !labels.has(1))) throw new TypeError('labels other than 0 and 1')
    return positive === 0 ? 0 : (2 * both) / positive
  }
}

/** Matthews correlation coefficient over (gold, predicted) pairs of any number of classes (scikit-learn's matthews_corrcoef). */
function matthewsCorrcoef(items: Items): Selection {
  const pairs = items.map(pair)
  const classes = new Map([...new Set(pairs.flat())].map((label, index) => [label, index]))
  const indices = pairs.map(([gold, predicted]) => [classes.get(gold)!, classes.get(predicted)!] as const)
  return (places) => {
    const golds = new Float64Array(classes.size)
    const predictions = new Float64Array(classes.size)
    const n = places.length
    let correct = 0
    for (let i = 0; i < n; i++) {
      const [gold, predicted] = indices[places[i]!]!
      golds[gold]!++
      predictions[predicted]!++
      if (gold === predicted) correct++
    }
    const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, value, i) => sum + value * b[i]!, 0)
    const spread = (n * n - dot(predictions, predictions)) * (n * n - dot(golds, golds))
    return spread === 0 ? 0 : (correct * n - dot(golds, predictions)) / Math.sqrt(spread)
  }
}

/** Mean over documents of the sum over choices of (probability - [right])^2; values are (gold, probabilities). */
function brierScore(items: Items): Selection {
  const choices = ((items[0] ?? [null, []]) as readonly [PyValue, readonly PyValue[]])[1].length
  const scores = items.map((item) => {
    const [gold, probabilities] = item as readonly [PyValue, readonly PyValue[]]
    const right = numeric(gold) < 0 ? probabilities.length + numeric(gold) : numeric(gold)
    if (probabilities.length !== choices) throw new TypeError('documents that have different numbers of choices')
    if (right < 0) throw new TypeError('a document whose answer is not among its choices has no Brier score')
    const distances = probabilities.map((probability, i) => numeric(probability) - (i === right ? 1 : 0))
    return pairwiseSum(distances.map((distance) => distance * distance))
  })
  return (places) => pairwiseSum(Float64Array.from(places, (place) => scores[place]!)) / places.length
}

function paragraphAndQuestion(index: PyDict): string {
  return `${index.get('paragraph')},${index.get('question')}`
}

/**
 * Share of questions of which every answer is labelled rightly; values are (prediction, document), a document of MultiRC. `key` names
 * the question of a document's idx.
 */
function allRight(items: Items, key: (index: PyDict) => string): Selection {
  return (places) => {
    const values = [...questions(items, places, key).values()]
    return values.filter(Boolean).length / values.length
  }
}

/** Whether all answers are right, by question. */
export function questions(
  items: Items,
  places: ArrayLike<number>,
  key: (index: PyDict) => string,
): Map<string, boolean> {
  const found = new Map<string, boolean>()
  for (let i = 0; i < places.length; i++) {
    const [prediction, doc] = items[places[i]!] as readonly [PyValue, PyValue]
    const index = isDict(doc) ? doc.get('idx') : undefined
    if (!isDict(doc) || !isDict(index)) throw new TypeError('documents without idx')
    const right = (numberOf(doc.get('label')) === 1) === (numberOf(prediction) === 1)
    const question = key(index)
    found.set(question, (found.get(question) ?? true) && right)
  }
  return found
}

/** The number behind a value; throws TypeError where there is none. */
export function numeric(value: PyValue): number {
  const found = numberOf(value)
  if (found === null) throw new TypeError(`a ${typeName(value)} instead of a number`)
  return found
}

function numbers(items: Items): number[] {
  return items.map(numeric)
}

function pair(item: PyValue): readonly [number, number] {
  if (!Array.isArray(item) || item.length !== 2) throw new TypeError(`a ${typeName(item)} instead of a pair`)
  return [numeric(item[0]), numeric(item[1])]
}
