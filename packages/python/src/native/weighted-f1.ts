import { PyFloat, type PyValue } from '../values/value.js'
import { Unsupported } from './unsupported.js'
import { type Key, keyOf, sum, type Value } from './values.js'

/** scikit-learn's f1_score with average="weighted" over pairs of gold and predicted labels, as lm_eval's weighted_f1_score takes it. */
export function weightedF1(pairs: readonly (readonly Value[])[]): PyValue {
  const counts = new Map<Key, { hits: number; gold: number; predicted: number }>()
  const of = (label: Value) => {
    const key = keyOf(label)
    const known = counts.get(key) ?? { hits: 0, gold: 0, predicted: 0 }
    counts.set(key, known)
    return known
  }
  for (const [gold, predicted, ...rest] of pairs) {
    if (gold === undefined || predicted === undefined || rest.length > 0) throw new Unsupported('these pairs')
    of(gold).gold++
    of(predicted).predicted++
    if (keyOf(gold) === keyOf(predicted)) of(gold).hits++
  }
  const keys = [...counts.keys()]
  if (keys.some((key) => typeof key !== typeof keys[0])) throw new Unsupported('labels of several types')
  // the labels' order decides the last digit of the sum
  const ordered = keys.sort((a, b) => (typeof a === 'string' ? compareTexts(a, b as string) : Number(a) - Number(b)))
  const scores = ordered.map((key) => {
    const { hits, gold, predicted } = counts.get(key)!
    return new PyFloat(((2 * hits) / (gold + predicted)) * gold)
  })
  return new PyFloat((sum(scores) as PyFloat).value / pairs.length)
}

function compareTexts(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}
