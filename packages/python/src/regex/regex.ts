import { controls } from './regex-escapes.js'
import { RegexError, RegexTranslator } from './regex-translator.js'
import { withinTime } from './within-time.js'

const compiled = new Map<string, RegExp>()

/**
 * Python's re.compile as a JavaScript expression with the flags g and v: classes are Unicode's as in Python, `$` also matches before a
 * final newline, `.` stops at "\n" only. Throws RegexError for what is not valid in Python or cannot be matched faithfully.
 */
export function pythonRegex(pattern: string): RegExp {
  const known = compiled.get(pattern)
  if (known) {
    known.lastIndex = 0
    return known
  }
  const regex = translated(pattern)
  compiled.set(pattern, regex)
  return regex
}

function translated(pattern: string): RegExp {
  try {
    const regex = new RegexTranslator(pattern).translate()
    // it is only now that JavaScript makes anything of it, for either kind of text
    for (const text of ['', '\u0100']) regex.exec(text)
    regex.lastIndex = 0
    return regex
  } catch (error) {
    if (error instanceof RangeError) throw new RegexError('the pattern is nested too deeply')
    if (error instanceof SyntaxError) throw new RegexError('the pattern is too large')
    throw error
  }
}

/** re.findall: whole matches, the group where there is one, lists of groups where there are several; unmatched groups are "". */
export function findAll(pattern: string, text: string): (string | string[])[] {
  const regex = pythonRegex(pattern)
  return withinTime(pattern, text, () => [...text.matchAll(regex)]).map((match) => {
    const [whole, ...groups] = match
    if (groups.length === 0) return whole
    const texts = groups.map((group) => group ?? '')
    return texts.length === 1 ? texts[0]! : texts
  })
}

/** re.sub with a replacement template ("\1", "\g<name>", "\n"); count 0 replaces all. */
export function substitute(pattern: string, replacement: string, text: string, count = 0): string {
  let done = 0
  const regex = pythonRegex(pattern)
  const replaced = (...args: unknown[]) => {
    const named = typeof args.at(-1) === 'object' ? (args.pop() as Record<string, string | undefined>) : {}
    const groups = args.slice(0, -2) as (string | undefined)[]
    if (count > 0 && done >= count) return groups[0]!
    done++
    return expand(replacement, groups, named)
  }
  return withinTime(pattern, text, () => text.replace(regex, replaced))
}

/** re.escape: a backslash before every special character. */
export function escapeRegex(text: string): string {
  return text.replace(/[\t\n\v\f\r !"#$%&'()*+,\-./:;<=>?@[\\\]^`{|}~]/g, (character) =>
    /["'!%,/:;<=>@`]/.test(character) ? character : `\\${character}`,
  )
}

function expand(
  template: string,
  groups: readonly (string | undefined)[],
  named: Record<string, string | undefined>,
): string {
  return template.replace(/\\(g<(\w+)>|\d{1,2}|[\s\S])/g, (_, code: string, name: string | undefined) => {
    const key = name ?? (/^\d+$/.test(code) ? code : null)
    if (key !== null) {
      if (/^\d+$/.test(key) ? Number(key) < groups.length : key in named)
        return (/^\d+$/.test(key) ? groups[Number(key)] : named[key]) ?? ''
      throw new RegexError(`the replacement refers to group ${key}, which the pattern does not have`)
    }
    const control = controls[code]
    if (control !== undefined) return String.fromCodePoint(control)
    if (/[A-Za-z]/.test(code)) throw new RegexError(`bad escape \\${code} in the replacement`)
    return code === '\\' ? '\\' : `\\${code}`
  })
}
