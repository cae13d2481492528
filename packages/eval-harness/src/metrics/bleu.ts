import { splitWords, strip } from '@saeval/python/internal/text/text'
import { type CorpusScore, tally } from './corpus-score.js'

const orders = 4

/**
 * BLEU (Papineni et al. 2002) as sacrebleu's corpus_bleu has it by default: tokens of mteval-v13a, n-grams up to 4, exponential smoothing.
 * Counts: prediction length, length of the closest reference, matches by order, n-grams by order.
 */
export const bleu: CorpusScore = {
  count(prediction, references) {
    const tokens = tokens13a(prediction)
    const grams = ngrams(tokens)
    const best = new Map<string, number>()
    let closest: number | null = null
    for (const reference of references) {
      const words = tokens13a(reference)
      closest = closer(tokens.length, closest, words.length)
      for (const order of ngrams(words)) {
        for (const [gram, count] of order) best.set(gram, Math.max(best.get(gram) ?? 0, count))
      }
    }
    const correct = grams.map((order) => {
      let sum = 0
      for (const [gram, count] of order) sum += Math.min(count, best.get(gram) ?? 0)
      return sum
    })
    return [tokens.length, closest!, ...correct, ...grams.map((_, i) => Math.max(0, tokens.length - i))]
  },

  score(counts) {
    const [length, referenceLength] = counts as readonly [number, number]
    const correct = counts.slice(2, 2 + orders)
    const total = counts.slice(2 + orders)
    if (correct.every((count) => count === 0)) return 0
    const brevity = length < referenceLength ? Math.exp(1 - referenceLength / length) : 1
    let smooth = 1
    let sum = 0
    for (const [i, all] of total.entries()) {
      // sacrebleu's logarithm of 0
      if (all === 0) {
        sum += -9999999999 * (orders - i)
        break
      }
      if (correct[i] === 0) smooth *= 2
      sum += Math.log(correct[i] === 0 ? 100 / (smooth * all) : (100 * correct[i]!) / all)
    }
    return brevity * Math.exp(sum / orders)
  },
}

/** The length nearer to the prediction's; of two equally near ones the smaller. */
function closer(length: number, known: number | null, other: number): number {
  if (known === null) return other
  const [a, b] = [Math.abs(length - known), Math.abs(length - other)]
  return b < a || (b === a && other < known) ? other : known
}

/** n-grams with their counts by order; tokens hold no spaces, so joined ones are unambiguous. */
function ngrams(tokens: readonly string[]): Map<string, number>[] {
  return Array.from({ length: orders }, (_, i) =>
    tally(
      Array.from({ length: Math.max(0, tokens.length - i) }, (_, start) =>
        tokens.slice(start, start + i + 1).join(' '),
      ),
    ),
  )
}

/** The tokens of NIST's mteval-v13a: punctuation apart, except points and commas inside numbers. */
function tokens13a(text: string): string[] {
  const plain = strip(text, 'right')
    .replaceAll('<skipped>', '')
    .replaceAll('-\n', '')
    .replaceAll('\n', ' ')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
  const spaced = ` ${plain} `
    .replace(/[{-~[-` -&(-+:-@/]/gu, ' $& ')
    .replace(/([^0-9])([.,])/gu, '$1 $2 ')
    .replace(/([.,])([^0-9])/gu, ' $1 $2')
    .replace(/([0-9])(-)/gu, '$1 $2 ')
  return splitWords(spaced)
}
