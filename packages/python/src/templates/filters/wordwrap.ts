import { codePoints } from '../../text/text.js'
import { PythonError } from '../../values/python-error.js'

// textwrap.wrap as the filter wordwrap uses it: nothing is expanded or replaced, blanks at a line's ends go.

const ws = '[\\t\\n\\x0b\\x0c\\r ]'
const nows = '[^\\t\\n\\x0b\\x0c\\r ]'
const word = '[\\p{L}\\p{N}_]'
const letter = '[\\p{L}\\p{No}\\p{Nl}_]'
const punctuation = `(?:${word}|[!"'&.,?])`
const hyphenated = new RegExp(
  `(${ws}+|(?<=${punctuation})-{2,}(?=${word})|${nows}+?(?:-(?:(?<=${letter}{2}-)|(?<=${letter}-${letter}-))(?=${letter}-?${letter})|(?=${ws}|$)|(?<=${punctuation})(?=-{2,}${word})))`,
  'u',
)
const simple = new RegExp(`(${ws}+)`, 'u')

const isBlank = (text: string) => text.trim() === ''

/** The lines of one paragraph. */
export function wrapLines(text: string, width: number, breakLong: boolean, breakHyphens: boolean): string[] {
  if (width <= 0) throw new PythonError('ValueError', `invalid width ${width} (must be > 0)`)
  const chunks = text
    .split(breakHyphens ? hyphenated : simple)
    .filter((chunk) => chunk !== '')
    .reverse()
  const lines: string[] = []
  while (chunks.length > 0) {
    const line: string[] = []
    let length = 0
    if (isBlank(chunks.at(-1)!) && lines.length > 0) chunks.pop()
    while (chunks.length > 0 && length + codePoints(chunks.at(-1)!) <= width) {
      const chunk = chunks.pop()!
      line.push(chunk)
      length += codePoints(chunk)
    }
    if (chunks.length > 0 && codePoints(chunks.at(-1)!) > width) {
      if (breakLong) {
        const characters = [...chunks.at(-1)!]
        let end = width - length
        if (breakHyphens) {
          const hyphen = characters.slice(0, end).lastIndexOf('-')
          if (hyphen > 0 && characters.slice(0, hyphen).some((character) => character !== '-')) end = hyphen + 1
        }
        line.push(characters.slice(0, end).join(''))
        chunks[chunks.length - 1] = characters.slice(end).join('')
      } else if (line.length === 0) line.push(chunks.pop()!)
    }
    if (line.length > 0 && isBlank(line.at(-1)!)) line.pop()
    if (line.length > 0) lines.push(line.join(''))
  }
  return lines
}
