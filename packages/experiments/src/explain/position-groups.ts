import type { TextTokenizer } from '@saeval/language-model'
import type { PositionTerm } from '@saeval/sae-core'

/** Neighbouring tokens of a prompt, or the answer, that edits may act at together. */
export interface PositionGroup {
  /** What is read there, or a name in angle brackets for what has no text of its own. */
  readonly text: string
  readonly term: PositionTerm
}

/** Stretches of text before a prompt's last token at most; what comes before the last ones is one of them. */
const mostStretches = 3

/**
 * Groups that hold every token of a prompt and its answer once: the first token where it is BOS, the last sentences or lines of the prompt and all before
 * them, the prompt's last token (whose state predicts the answer), the answer. A token that spans two sentences belongs to the first.
 */
export function positionGroups(prompt: string, tokenizer: TextTokenizer): PositionGroup[] {
  const ids = tokenizer.encode(prompt)
  const begin = ids[0] !== undefined && ids[0] === tokenizer.bos?.id && ids.length > 1 ? 1 : 0
  const last = ids.length - 1
  const ends = stretches(prompt)
    .map((end) => Math.min(tokenizer.encode(prompt.slice(0, end)).length, last))
    .filter((end) => end > begin)
  const cuts = [...new Set([...ends, ...(last > begin ? [last] : [])])].slice(-mostStretches)
  const textOf = (from: number, to: number) => tokenizer.decode(ids.slice(from, to))
  const groups: PositionGroup[] = begin === 0 ? [] : [{ text: textOf(0, 1), term: 'bos' }]
  let from = begin
  for (const to of cuts) {
    // to the last token: a prompt that the model has no room for loses tokens at its beginning
    groups.push({ text: textOf(from, to), term: to === last ? { from, to: -1 } : { from, to } })
    from = to
  }
  if (ids.length > 0) groups.push({ text: textOf(last, ids.length), term: 'last_prompt' })
  return [...groups, { text: '<answer>', term: 'generated' }]
}

/** Where sentences and lines end, in characters; the end of the text is one. */
function stretches(text: string): number[] {
  return [...text.matchAll(/\n+|[.!?]["')\]]*\s+|$/g)].map((found) => found.index + found[0].length)
}
