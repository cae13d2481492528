import { strip } from '@saeval/python/templates'

/** Text or token id that ends a model's thinking; what it writes after the last one is its answer. */
export type ThinkEnd = string | number

/** The ids behind the last token that ends thinking; all where it never came, or where thinking ends with a text. */
export function idsAfterThinking(ids: readonly number[], end: ThinkEnd | null): readonly number[] {
  return typeof end === 'number' ? ids.slice(ids.lastIndexOf(end) + 1) : ids
}

/**
 * The text behind the last mark that ends thinking, without white space before it, as lm_eval takes it before stop strings are looked for
 * (postprocess_generated_text). Blanks go too where the mark never came.
 */
export function textAfterThinking(text: string, end: ThinkEnd | null): string {
  if (end === null || end === '') return text
  return strip(typeof end === 'number' ? text : text.split(end).at(-1)!, 'left')
}
