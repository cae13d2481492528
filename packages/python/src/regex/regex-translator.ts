import { characterSet, escapedCode, literal } from './regex-escapes.js'
import { type Group, losesText, mayTakeNoPart } from './regex-groups.js'

/** A pattern that JavaScript's regular expressions cannot be made to match as Python's do; the message says which part. */
export class RegexError extends Error {
  override name = 'RegexError'
}

interface Flags {
  readonly i: boolean
  readonly m: boolean
  readonly s: boolean
  readonly x: boolean
  readonly a: boolean
}

/** One pass over a pattern, writing JavaScript as it goes. Throws RegexError. */
export class RegexTranslator {
  #at = 0
  #out = ''
  #flags: Flags
  #group: Group = { number: null, parent: null, hasAlternatives: false, least: 1, most: 1 }
  readonly #groups: Group[] = []
  readonly #names = new Map<string, number>()
  readonly #references: number[] = []

  constructor(readonly pattern: string) {
    const start = /^\(\?([aiLmsux]+)\)/.exec(pattern)
    this.#at = start?.[0].length ?? 0
    this.#flags = this.#withFlags({ i: false, m: false, s: false, x: false, a: false }, start?.[1] ?? '')
  }

  translate(): RegExp {
    this.#sequence()
    if (this.#at < this.pattern.length) throw this.#error('an unbalanced parenthesis')
    const looped = this.#groups.find(losesText)
    if (looped !== undefined)
      throw this.#error(`group ${looped.number}, which is optional inside a repetition (Python keeps its last text)`)
    const optional = this.#references.find((number) => mayTakeNoPart(this.#groups[number - 1]!))
    if (optional !== undefined) throw this.#error(`a reference to group ${optional}, which is optional`)
    try {
      return new RegExp(this.#out, this.#flags.i ? 'giv' : 'gv')
    } catch (cause) {
      throw new RegexError(`the pattern ${this.pattern} cannot be translated: ${(cause as Error).message}`, { cause })
    }
  }

  #withFlags(flags: Flags, letters: string): Flags {
    if (letters.includes('L')) throw this.#error('the flag L')
    const has = (letter: keyof Flags) => flags[letter] || letters.includes(letter)
    return { i: has('i'), m: has('m'), s: has('s'), x: has('x'), a: has('a') && !letters.includes('u') }
  }

  /** Alternatives up to a closing parenthesis or the end. */
  #sequence(): void {
    while (this.#at < this.pattern.length && this.pattern[this.#at] !== ')') {
      const unit = this.pattern[this.#at]!
      if (unit === '|') {
        this.#group.hasAlternatives = true
        this.#out += '|'
        this.#at++
      } else if (this.#flags.x && /\s/.test(unit)) this.#at++
      else if (this.#flags.x && unit === '#') this.#at = endOfLine(this.pattern, this.#at)
      else this.#item()
    }
  }

  #item(): void {
    const from = this.#out.length
    const unit = this.pattern[this.#at]!
    let closed: Group | null = null
    if (unit === '(') closed = this.#parenthesis()
    else if (unit === '[') this.#out += this.#characterClass()
    else if (unit === '\\') this.#escape()
    else if (unit === '.') this.#emit(this.#flags.s ? '[\\s\\S]' : '[^\\n]')
    else if (unit === '^') this.#emit(this.#flags.m ? '(?<![^\\n])' : '(?<![\\s\\S])')
    else if (unit === '$') this.#emit(this.#flags.m ? '(?![^\\n])' : '(?=\\n?(?![\\s\\S]))')
    else if ('*+?'.includes(unit)) throw this.#error(`nothing to repeat at position ${this.#at}`)
    else this.#literal()
    this.#quantifier(from, closed)
  }

  #emit(text: string): void {
    this.#out += text
    this.#at++
  }

  #literal(): void {
    const code = this.pattern.codePointAt(this.#at)!
    this.#out += literal(code)
    this.#at += code > 0xffff ? 2 : 1
  }

  /** Reads a group; gives it where a quantifier behind it matters. */
  #parenthesis(): Group | null {
    const rest = this.pattern.slice(this.#at)
    const comment = /^\(\?#[^)]*\)/.exec(rest)
    if (comment) {
      this.#at += comment[0].length
      return null
    }
    const reference = /^\(\?P=(\w+)\)/.exec(rest)
    if (reference) {
      this.#reference(this.#names.get(reference[1]!), reference[1]!)
      this.#at += reference[0].length
      return null
    }
    const head = /^\((?:\?(?:P<([^>]*)>|([:=!]|<[=!])|([aiLmsux]+)(?:-([imsx]+))?(:|\))))?/.exec(rest)!
    const [text, name, kind, on, off, end] = head
    if (text === '(' && rest[1] === '?') throw this.#error(`the group ${rest.slice(0, 4)}…`)
    if (end === ')') throw this.#error('flags that are not at the beginning')
    const flags = this.#flags
    if (on !== undefined) this.#flags = this.#scoped(on, off ?? '')
    this.#at += text.length
    const captures = kind === undefined && on === undefined
    const group: Group = {
      number: captures ? this.#groups.length + 1 : null,
      parent: this.#group,
      hasAlternatives: false,
      least: 1,
      most: 1,
    }
    if (captures) this.#groups.push(group)
    if (name !== undefined) {
      if (!/^[A-Za-z_]\w*$/.test(name) || this.#names.has(name)) throw this.#error(`the group name ${name}`)
      this.#names.set(name, group.number!)
    }
    this.#out += name !== undefined ? `(?<${name}>` : captures ? '(' : `(?${kind ?? ':'}`
    this.#group = group
    this.#sequence()
    if (this.pattern[this.#at] !== ')') throw this.#error('a missing )')
    this.#emit(')')
    this.#group = group.parent!
    this.#flags = flags
    return group
  }

  #scoped(on: string, off: string): Flags {
    if (on.includes('i') !== this.#flags.i && (on.includes('i') || off.includes('i')))
      throw this.#error('the flag i for a part of the pattern')
    const flags = this.#withFlags(this.#flags, on)
    const without = (letter: keyof Flags) => flags[letter] && !off.includes(letter)
    return { i: without('i'), m: without('m'), s: without('s'), x: without('x'), a: flags.a }
  }

  #escape(): void {
    const rest = this.pattern.slice(this.#at + 1)
    const code = escapedCode(rest, false)
    if (code !== null) {
      this.#out += literal(code.value)
      this.#at += 1 + code.length
      return
    }
    const reference = /^[1-9]\d?/.exec(rest)
    if (reference) {
      this.#reference(Number(reference[0]), reference[0])
      this.#at += 1 + reference[0].length
      return
    }
    const letter = rest[0]
    const set = characterSet(letter ?? '', this.#flags.a)
    const edge = characterSet('w', this.#flags.a)!
    if (set !== null) this.#out += set
    else if (letter === 'A') this.#out += '(?<![\\s\\S])'
    else if (letter === 'Z') this.#out += '(?![\\s\\S])'
    else if (letter === 'b') this.#out += `(?:(?<=${edge})(?!${edge})|(?<!${edge})(?=${edge}))`
    else if (letter === 'B') this.#out += `(?:(?<=${edge})(?=${edge})|(?<!${edge})(?!${edge}))`
    else throw this.#error(letter === undefined ? 'a backslash at the end' : `the escape \\${letter}`)
    this.#at += 2
  }

  #characterClass(): string {
    let body = ''
    this.#at++
    const negated = this.pattern[this.#at] === '^'
    if (negated) this.#at++
    const first = this.#at
    for (;;) {
      const unit = this.pattern[this.#at]
      if (unit === undefined) throw this.#error('a missing ]')
      if (unit === ']' && this.#at > first) break
      const low = this.#classMember()
      if (this.pattern[this.#at] !== '-' || this.pattern[this.#at + 1] === ']') {
        body += typeof low === 'string' ? low : literal(low)
        continue
      }
      this.#at++
      const high = this.#classMember()
      if (typeof low === 'string' || typeof high === 'string' || high < low) throw this.#error('a bad character range')
      body += `${literal(low)}-${literal(high)}`
    }
    this.#at++
    return `[${negated ? '^' : ''}${body}]`
  }

  /** A character's code, or a set as JavaScript. */
  #classMember(): number | string {
    if (this.pattern[this.#at] !== '\\') {
      const code = this.pattern.codePointAt(this.#at)
      if (code === undefined) throw this.#error('a missing ]')
      this.#at += code > 0xffff ? 2 : 1
      return code
    }
    const rest = this.pattern.slice(this.#at + 1)
    const code = escapedCode(rest, true)
    if (code !== null) {
      this.#at += 1 + code.length
      return code.value
    }
    const set = characterSet(rest[0] ?? '', this.#flags.a)
    if (set === null) throw this.#error(`the escape \\${rest[0] ?? ''} in a class`)
    this.#at += 2
    return set
  }

  #quantifier(from: number, group: Group | null): void {
    if (this.#flags.x) while (/\s/.test(this.pattern[this.#at] ?? '')) this.#at++
    const found = /^(?:[*+?]|\{(?=[\d,])(\d*)(,?)(\d*)\})/.exec(this.pattern.slice(this.#at))
    if (found === null) return
    const [text, low, comma, high] = found
    const least = text === '+' ? 1 : low === undefined ? 0 : Number(low || 0)
    const most =
      text === '?'
        ? 1
        : low === undefined || (comma === ',' && high === '')
          ? Number.POSITIVE_INFINITY
          : Number(high || low)
    if (least > most) throw this.#error(`the repetition ${text}`)
    this.#at += text.length
    const next = this.pattern[this.#at]
    if (next === '+') throw this.#error(`the possessive repetition ${text}+`)
    if (next === '*' || next === '{') {
      if (next === '*' || /^\{(?=[\d,])\d*,?\d*\}/.test(this.pattern.slice(this.#at)))
        throw this.#error(`the multiple repetition ${text}${next}`)
    }
    if (group !== null) {
      group.least = Math.min(group.least, least)
      group.most = Math.max(group.most, most)
    }
    // an anchor or look-around becomes a group so that it can be repeated
    const item = this.#out.slice(from)
    const repeated = /^\(\?[=!<]/.test(item) && !/^\(\?<[A-Za-z_]/.test(item) ? `(?:${item})` : item
    this.#out = `${this.#out.slice(0, from)}${repeated}{${least},${most === Number.POSITIVE_INFINITY ? '' : most}}`
    if (next === '?') this.#emit('?')
  }

  #reference(number: number | undefined, name: string): void {
    if (number === undefined || number > this.#groups.length) throw this.#error(`a reference to the group ${name}`)
    this.#references.push(number)
    this.#out += `(?:\\${number})`
  }

  #error(what: string): RegexError {
    return new RegexError(`the pattern ${this.pattern} has ${what}, which cannot be translated`)
  }
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from)
  return end < 0 ? text.length : end
}
