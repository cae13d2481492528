import { splitWords } from '@saeval/python/internal/text/text'
import { type CorpusScore, tally } from './corpus-score.js'

const characterOrders = 6
/** beta = 2: recall counts four times as much as precision. */
const betaSquared = 4

/** chrF (Popović 2015) as sacrebleu's corpus_chrf has it by default: character n-grams up to 6, without white space. */
export const chrf: CorpusScore = characterScore(0)

/** chrF++ (Popović 2017): chrF with word n-grams up to 2. */
export const chrfPlusPlus: CorpusScore = characterScore(2)

/** Counts: n-grams of the prediction, of the reference and common ones, by order; of several references the best one's. */
function characterScore(wordOrders: number): CorpusScore {
  return {
    count(prediction, references) {
      const grams = allNgrams(prediction, wordOrders)
      let best: number[] = []
      let bestScore = -1
      for (const reference of references) {
        const counts = allNgrams(reference, wordOrders).flatMap((theirs, order) => compare(grams[order]!, theirs))
        const score = fScore(counts)
        if (score > bestScore) [best, bestScore] = [counts, score]
      }
      return best
    },
    score: fScore,
  }
}

function fScore(counts: readonly number[]): number {
  let [precision, recall, orders] = [0, 0, 0]
  for (let i = 0; i < counts.length; i += 3) {
    const [predicted, reference, common] = counts.slice(i, i + 3) as [number, number, number]
    if (predicted === 0 || reference === 0) continue
    precision += common / predicted
    recall += common / reference
    orders++
  }
  if (orders === 0 || precision + recall === 0) return 0
  precision /= orders
  recall /= orders
  return (100 * ((1 + betaSquared) * precision * recall)) / (betaSquared * precision + recall)
}

function compare(predicted: ReadonlyMap<string, number>, reference: ReadonlyMap<string, number>): number[] {
  let [all, common, total] = [0, 0, 0]
  for (const [gram, count] of predicted) {
    all += count
    common += Math.min(count, reference.get(gram) ?? 0)
  }
  for (const count of reference.values()) total += count
  return [reference.size > 0 ? all : 0, total, common]
}

function allNgrams(text: string, wordOrders: number): Map<string, number>[] {
  const characters = [...splitWords(text).join('')]
  const words = wordOrders > 0 ? splitWords(text).flatMap(apart) : []
  return [
    ...Array.from({ length: characterOrders }, (_, i) => runs(characters, i + 1, '')),
    ...Array.from({ length: wordOrders }, (_, i) => runs(words, i + 1, ' ')),
  ]
}

function runs(parts: readonly string[], length: number, separator: string): Map<string, number> {
  return tally(
    Array.from({ length: Math.max(0, parts.length - length + 1) }, (_, start) =>
      parts.slice(start, start + length).join(separator),
    ),
  )
}

const punctuation = /[!-/:-@[-`{-~]/

/** A word and the punctuation mark at its end, or else at its beginning. */
function apart(word: string): string[] {
  const characters = [...word]
  if (characters.length === 1) return [word]
  if (punctuation.test(characters.at(-1)!)) return [characters.slice(0, -1).join(''), characters.at(-1)!]
  return punctuation.test(characters[0]!) ? [characters[0]!, characters.slice(1).join('')] : [word]
}
