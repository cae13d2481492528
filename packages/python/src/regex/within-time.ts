import { Script } from 'node:vm'
import { RegexError } from './regex-translator.js'

/** Milliseconds that a pattern may take for one text. */
const milliseconds = 3000
/** Steps that are known to be few enough to need no clock. */
const quick = 1e9
const key = Symbol.for('saeval.matching')
const script = new Script(`globalThis[Symbol.for(${JSON.stringify(key.description)})]()`)
const degrees = new Map<string, number>()

/**
 * Does what uses a pattern on a text, and ends it where it takes too long: then throws RegexError. Setting up the clock takes a tenth of a
 * millisecond, so only what might go back over a text again and again has one.
 */
export function withinTime<Result>(pattern: string, text: string, work: () => Result): Result {
  if (text.length ** degreeOf(pattern) < quick) return work()
  const place = globalThis as { [key]?: () => Result }
  place[key] = work
  try {
    return script.runInThisContext({ timeout: milliseconds }) as Result
  } catch (error) {
    if (error instanceof RangeError) throw new RegexError(`the pattern ${shown(pattern)} goes too deep for one text`)
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error
    throw new RegexError(`the pattern ${shown(pattern)} takes more than ${milliseconds / 1000} s for one text`)
  } finally {
    Reflect.deleteProperty(place, key)
  }
}

/** With which power of a text's length steps may grow: one for each start, one for each repetition without end; more for repeated groups. */
function degreeOf(pattern: string): number {
  let degree = degrees.get(pattern)
  if (degree === undefined) {
    const plain = pattern.replace(/\\[^1-9]|\[\^?\]?(?:\\[\s\S]|[^\]])*\]/g, 'c')
    const endless = plain.split('|').map((part) => part.match(/[*+]|\{\d*,\d*\}/g)?.length ?? 0)
    degree = /\)(?:[*+]|\{)|\\[1-9]|\(\?P=/.test(plain) ? 8 : 1 + Math.max(...endless)
    degrees.set(pattern, degree)
  }
  return degree
}

function shown(pattern: string): string {
  return JSON.stringify(pattern.length > 80 ? `${pattern.slice(0, 80)}…` : pattern)
}
