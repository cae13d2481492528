/** The words of a text in lower case: runs of letters, digits and apostrophes. */
export function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{M}\p{N}'’]+/gu) ?? []
}

/**
 * distinct-n: different n-grams of words as a share of all of them, from 0 (excluded) to 1; 1 for a text without one. Source: Li et al. 2016, "A
 * Diversity-Promoting Objective Function for Neural Conversation Models".
 */
export function distinctShare(text: string, n: number): number {
  const grams = gramsOf(text, n)
  return grams.length === 0 ? 1 : new Set(grams).size / grams.length
}

/**
 * rep-n: the share of n-grams of words that repeat earlier ones, 1 - distinct-n: 0 for a text that never does. Source: Su et al. 2022, "A Contrastive
 * Framework for Neural Text Generation" (there in percent).
 */
export function repetition(text: string, n: number): number {
  return 1 - distinctShare(text, n)
}

/** Whether the text has one of the words, as a whole word, whatever its case. */
export function includesWord(text: string, words: readonly string[]): boolean {
  const wanted = new Set(words.map((word) => word.toLowerCase()))
  return wordsOf(text).some((word) => wanted.has(word))
}

function gramsOf(text: string, n: number): string[] {
  const words = wordsOf(text)
  return Array.from({ length: Math.max(0, words.length - n + 1) }, (_, at) => words.slice(at, at + n).join(' '))
}
