import { type PyValue, typeName } from '@saeval/python/internal/values/value'

/**
 * A metric of translations over a whole corpus, as sacrebleu computes it: counts for each segment, added up, then one score. The score of
 * any selection of segments needs the counts only once.
 */
export interface CorpusScore {
  /** Counts of a segment against its references. */
  count(prediction: string, references: readonly string[]): readonly number[]
  /** The score, 0 to 100 (TER may be more), of added counts. */
  score(counts: readonly number[]): number
}

interface Segment {
  readonly prediction: string
  readonly references: readonly string[]
  readonly counts: Map<number, readonly number[]>
}

/**
 * Prepares (reference or references, prediction) pairs; the result scores the pairs at the given places. As in lm_eval every pair of a
 * selection is scored with as many references as the one with the fewest has. Throws TypeError for values that are not texts.
 */
export function prepareCorpus(
  { count, score }: CorpusScore,
  items: readonly PyValue[],
): (places: ArrayLike<number>) => number {
  const single = !Array.isArray((items[0] as readonly PyValue[])[0])
  const segments = items.map((item): Segment => {
    const [gold, predicted] = item as readonly [PyValue, PyValue]
    const prediction = Array.isArray(predicted) && predicted.length === 1 ? predicted[0] : predicted
    const references = single ? [gold] : gold
    if (typeof prediction !== 'string') throw new TypeError(`a prediction that is a ${typeName(predicted)}`)
    if (!Array.isArray(references) || references.some((text) => typeof text !== 'string'))
      throw new TypeError(`a reference that is a ${typeName(gold)}`)
    return { prediction, references: references as string[], counts: new Map() }
  })
  return (places) => {
    let references = Number.POSITIVE_INFINITY
    for (let i = 0; i < places.length; i++) references = Math.min(references, segments[places[i]!]!.references.length)
    if (references === 0) throw new TypeError('a document without references')
    let total: number[] | null = null
    for (let i = 0; i < places.length; i++) {
      const segment = segments[places[i]!]!
      let counts = segment.counts.get(references)
      if (counts === undefined) {
        counts = count(segment.prediction, segment.references.slice(0, references))
        segment.counts.set(references, counts)
      }
      if (total === null) total = [...counts]
      else for (let k = 0; k < counts.length; k++) total[k]! += counts[k]!
    }
    return score(total!)
  }
}

/** How often each text occurs. */
export function tally(texts: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>()
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1)
  return counts
}
