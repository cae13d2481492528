import { TimeLimitError, withinSeconds } from '@saeval/hub/internal/time-limit'
import { RegexError } from './regex-translator.js'

/** Seconds that a pattern may take for one text. */
const seconds = 3
/** Steps that are known to be few enough to need no clock. */
const quick = 1e9
const degrees = new Map<string, number>()

/**
 * Does what uses a pattern on a text, and ends it where it takes too long: then throws RegexError. Setting up the clock takes a tenth of a
 * millisecond, so only what might go back over a text again and again has one.
 */
export function withinTime<Result>(pattern: string, text: string, work: () => Result): Result {
  if (text.length ** degreeOf(pattern) < quick) return work()
  try {
    return withinSeconds(seconds, work)
  } catch (error) {
    if (error instanceof TimeLimitError)
      throw new RegexError(`the pattern ${shown(pattern)} takes more than ${seconds} s for one text`)
    if (error instanceof RangeError) throw new RegexError(`the pattern ${shown(pattern)} goes too deep for one text`)
    throw error
  }
}

/** With which power of a text's length steps may grow: one for each start, one for each repetition without end; more for repeated groups. */
function degreeOf(pattern: string): number {
  let degree = degrees.get(pattern)
  if (degree === undefined) {
    const plain = pattern.replace(/\\[^1-9]|\[\^?\]?(?:\\[\s\S]|[^\]])*\]/g, 'c')
    const endless = withoutInnerBars(plain)
      .split('|')
      .map((part) => part.match(/[*+]|\{\d*,\d*\}/g)?.length ?? 0)
    degree = /\)(?:[*+]|\{)|\\[1-9]|\(\?P=/.test(plain) ? 8 : 1 + Math.max(...endless)
    degrees.set(pattern, degree)
  }
  return degree
}

/** A pattern without groups, whose alternatives stand side by side; those of the whole pattern stay apart. */
function withoutInnerBars(pattern: string): string {
  const flat = pattern.replace(/\(([^()]*)\)/g, (_, inner: string) => inner.replaceAll('|', ''))
  return flat === pattern ? flat : withoutInnerBars(flat)
}

function shown(pattern: string): string {
  return JSON.stringify(pattern.length > 80 ? `${pattern.slice(0, 80)}…` : pattern)
}
