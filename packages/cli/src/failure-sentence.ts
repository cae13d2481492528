import { systemReason } from '@saeval/hub/internal/system-reason'
import { withoutLogin } from '@saeval/hub/internal/without-login'

/** Messages of V8 for memory that it does not have, and Node's code for a thread that has none. */
const noMemory = /out of memory|memory limit|allocation failed|invalid string length|invalid (typed )?array length/i
/** Classes of what no program throws on purpose. */
const faults = /^(Type|Range|Reference|Syntax|Eval|URI|Aggregate)Error$/

const longest = 1000

/**
 * An error that is not the fault of what was given, in one line: errors of the system by what they mean, faults of the program with a hint to
 * --verbose. What every other error says (`said`: in the words of the caller) is a sentence already.
 */
export function failureSentence(error: unknown, said = error instanceof Error ? error.message : String(error)): string {
  return printable(sentenceOf(error, said).replace(/\s*\n\s*/g, ' '))
}

function sentenceOf(error: unknown, said: string): string {
  if (!(error instanceof Error)) return `${unforeseen}: ${said}`
  const { code, syscall = 'go on', path, name, message } = error as NodeJS.ErrnoException
  const reason = systemReason(error)
  if (reason !== null) return `cannot ${syscall}${path === undefined ? '' : ` ${path}`}: ${reason} (${code})`
  if (noMemory.test(message))
    return `no memory is left (${message}); ask for less at once, or allow more with NODE_OPTIONS=--max-old-space-size=MEGABYTES`
  if (/call stack/.test(message)) return `something is nested too deeply to be read${hint}`
  return faults.test(name) || String(code).startsWith('ERR_') ? `${unforeseen}: ${message}` : said
}

const hint = ' (--verbose shows where)'
const unforeseen = `something has happened that saeval does not expect${hint}`

/**
 * Lines for a terminal: without users and passwords of addresses, and without control characters, which move the cursor where files and servers
 * say them; long lines end in "…".
 */
export function printable(text: string): string {
  const lines = withoutLogin(text)
    .split('\n')
    .map((line) => (line.length > longest ? `${line.slice(0, longest)}…` : line))
  return lines.join('\n').replace(/[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}
