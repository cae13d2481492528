import { splitWords } from '@saeval/python/internal/text/text'
import type { CorpusScore } from './corpus-score.js'
import { type Alignment, EditDistances } from './edit-distances.js'

const longestShift = 10
const farthestShift = 50
const mostCandidates = 1000

/**
 * Translation edit rate (Snover et al. 2006) as sacrebleu's corpus_ter has it by default: words in lower case; edits are insertions,
 * deletions, substitutions and shifts of word sequences, found greedily by Tercom's rules. Counts: fewest edits over the references, mean
 * reference length.
 */
export const ter: CorpusScore = {
  count(prediction, references) {
    const words = splitWords(prediction.toLowerCase())
    const targets = references.map((reference) => splitWords(reference.toLowerCase()))
    const lengths = targets.reduce((sum, target) => sum + target.length, 0)
    return [Math.min(...targets.map((target) => edits(words, target))), lengths / targets.length]
  },

  score([edits, length]) {
    if (length! > 0) return (100 * edits!) / length!
    return edits! > 0 ? 100 : 0
  },
}

/** Edits that turn the words into the target: shifts as long as they help, then the edit distance. */
function edits(words: readonly string[], target: readonly string[]): number {
  if (target.length === 0) return words.length
  const distances = new EditDistances(target)
  const search = { candidates: 0 }
  let shifts = 0
  let current = words
  for (;;) {
    const shifted = bestShift(current, target, distances, search)
    if (search.candidates >= mostCandidates || shifted === null) break
    shifts++
    current = shifted
  }
  return shifts + distances.between(current).distance
}

interface Shift {
  readonly gain: number
  readonly length: number
  readonly start: number
  readonly place: number
  readonly words: readonly string[]
}

/** The words after the shift that lowers the edit distance most; null where none does. */
function bestShift(
  words: readonly string[],
  target: readonly string[],
  distances: EditDistances,
  search: { candidates: number },
): readonly string[] | null {
  const before = distances.between(words)
  const alignment = before.alignment()
  let best: Shift | null = null
  for (const { start, targetStart, length } of commonRuns(words, target)) {
    if (!worthMoving(alignment, start, targetStart, length)) continue
    let previous = -1
    for (let offset = -1; offset < length; offset++) {
      // before the target's beginning, or behind the word that the previous target word stands for
      const aligned = targetStart + offset === -1 ? -1 : alignment.places[targetStart + offset]
      if (aligned === undefined) break
      const place = aligned + 1
      if (place === previous) continue
      previous = place
      const moved = shift(words, start, length, place)
      const gain = before.distance - distances.between(moved).distance
      search.candidates++
      const candidate = { gain, length, start, place, words: moved }
      if (best === null || better(candidate, best)) best = candidate
    }
    if (search.candidates >= mostCandidates) break
  }
  return best !== null && best.gain > 0 ? best.words : null
}

/** Both sides must be wrong there, and the target not inside the run itself. */
function worthMoving({ places, wordErrors, targetErrors }: Alignment, start: number, at: number, length: number) {
  const wrong = (errors: readonly boolean[], from: number) => errors.slice(from, from + length).some(Boolean)
  if (!wrong(wordErrors, start) || !wrong(targetErrors, at)) return false
  const place = places[at]!
  return place < start || place >= start + length
}

/** Most gain, then the longest run, then the earliest, then the earliest place. */
function better(a: Shift, b: Shift): boolean {
  if (a.gain !== b.gain) return a.gain > b.gain
  if (a.length !== b.length) return a.length > b.length
  if (a.start !== b.start) return a.start < b.start
  return a.place < b.place
}

/** Equal runs of words at different places, growing word by word. */
function* commonRuns(words: readonly string[], target: readonly string[]) {
  for (let start = 0; start < words.length; start++) {
    for (let targetStart = 0; targetStart < target.length; targetStart++) {
      if (Math.abs(targetStart - start) > farthestShift) continue
      for (let length = 1; length <= longestShift; length++) {
        if (words[start + length - 1] !== target[targetStart + length - 1]) break
        yield { start, targetStart, length }
        if (start + length === words.length || targetStart + length === target.length) break
      }
    }
  }
}

function shift(words: readonly string[], start: number, length: number, place: number): readonly string[] {
  const run = words.slice(start, start + length)
  if (place < start)
    return [...words.slice(0, place), ...run, ...words.slice(place, start), ...words.slice(start + length)]
  // within or behind the run
  const end = place > start + length ? place : length + place
  return [...words.slice(0, start), ...words.slice(start + length, end), ...run, ...words.slice(end)]
}
