import type { CsvDialect } from './dialect.js'

/** A CSV file that pandas cannot read; the message says where. */
export class CsvError extends Error {
  override name = 'CsvError'
}

const none = -1
const [newline, carriage, space, tab] = [10, 13, 32, 9]

/**
 * The lines of a CSV text as pandas' C parser divides it (pandas/_libs/src/parser/tokenizer.c): blank and skipped lines are left out,
 * fields are without their quotes. Throws CsvError for a quote without an end.
 */
export class CsvLines {
  #at = 0
  /** Lines of the file before the place that is read; for messages. */
  line = 0
  readonly #text: string
  readonly #terminator: number
  readonly #carriage: number
  readonly #delimiter: number
  readonly #quote: number
  readonly #escape: number
  readonly #comment: number
  readonly #special: RegExp
  readonly #inQuotes: RegExp

  constructor(
    text: string,
    readonly dialect: CsvDialect,
  ) {
    this.#text = text.startsWith('\ufeff') ? text.slice(1) : text
    const code = (character: string | null) => character?.charCodeAt(0) ?? none
    this.#terminator = code(dialect.lineterminator ?? '\n')
    this.#carriage = dialect.lineterminator === null ? carriage : none
    this.#delimiter = code(dialect.sep)
    this.#quote = code(dialect.quotechar)
    this.#escape = code(dialect.escapechar)
    this.#comment = code(dialect.comment)
    const stops = (codes: readonly number[]) =>
      new RegExp(
        `[${codes
          .filter((one) => one !== none)
          .map((one) => `\\x${one.toString(16).padStart(2, '0')}`)
          .join('')}]`,
        'g',
      )
    this.#special = stops([this.#terminator, this.#carriage, this.#delimiter, this.#escape, this.#comment])
    this.#inQuotes = stops([this.#quote, this.#escape])
  }

  /** The fields of the next line, none for a blank line that counts; null at the end. */
  next(): string[] | null {
    const { skipBlankLines } = this.dialect
    while (this.#at < this.#text.length) {
      const first = this.#text.charCodeAt(this.#at)
      if (this.#isSkipped()) {
        this.#skipLine()
        continue
      }
      if (first === this.#terminator || first === this.#carriage) {
        this.#endLine(skipBlankLines)
        if (!skipBlankLines) return []
        continue
      }
      if (first === this.#comment) {
        this.#skipComment(true)
        continue
      }
      if (skipBlankLines && this.#isBlank(first) && this.#skipBlankLine()) continue
      return this.#fields()
    }
    return null
  }

  #isSkipped(): boolean {
    const { skiprows } = this.dialect
    return typeof skiprows === 'number' ? this.line < skiprows : skiprows.has(this.line)
  }

  #isBlank(code: number): boolean {
    return (code === space || code === tab) && code !== this.#delimiter
  }

  /** Past a line's end. After a lone carriage return a delimiter goes too where the line is left out: the C parser takes it for "\n". */
  #endLine(leftOut: boolean): void {
    this.line++
    const code = this.#text.charCodeAt(this.#at++)
    if (code !== this.#carriage) return
    const next = this.#text.charCodeAt(this.#at)
    if (next === newline || (leftOut && next === this.#delimiter)) this.#at++
  }

  #skipBlankLine(): boolean {
    let at = this.#at
    while (this.#isBlank(this.#text.charCodeAt(at))) at++
    const code = this.#text.charCodeAt(at)
    if (at < this.#text.length && code !== this.#terminator && code !== this.#carriage) return false
    this.#at = at
    if (at < this.#text.length) this.#endLine(true)
    return true
  }

  /** Past a line that is left out; an end of line inside a quoted field is none. */
  #skipLine(): void {
    let [start, quoted] = [true, false]
    for (; this.#at < this.#text.length; this.#at++) {
      const code = this.#text.charCodeAt(this.#at)
      if (quoted) {
        if (code !== this.#quote) continue
        if (this.dialect.doublequote && this.#text.charCodeAt(this.#at + 1) === this.#quote) this.#at++
        else quoted = false
      } else if (code === this.#terminator || code === this.#carriage) {
        this.#endLine(true)
        return
      } else if (start && code === this.#quote) quoted = true
      start = !quoted && code === this.#delimiter
    }
    this.line++
  }

  #skipComment(leftOut: boolean): void {
    while (this.#at < this.#text.length) {
      const code = this.#text.charCodeAt(this.#at)
      if (code === this.#terminator || code === this.#carriage) {
        this.#endLine(leftOut)
        return
      }
      this.#at++
    }
  }

  /** The fields from here to the end of the line. */
  #fields(): string[] {
    const fields: string[] = []
    for (;;) {
      if (this.dialect.skipinitialspace) while (this.#text.charCodeAt(this.#at) === space) this.#at++
      fields.push(this.#field())
      const code = this.#at < this.#text.length ? this.#text.charCodeAt(this.#at) : none
      if (code === this.#delimiter && code !== none) {
        this.#at++
        // a line may end right after a delimiter, with one more empty field
        continue
      }
      if (code === this.#comment && code !== none) this.#skipComment(false)
      else if (code !== none) this.#endLine(false)
      else this.line++
      return fields
    }
  }

  /** One field, to what ends it. */
  #field(): string {
    let value = this.#text.charCodeAt(this.#at) === this.#quote && this.#quote !== none ? this.#quoted() : ''
    for (;;) {
      this.#special.lastIndex = this.#at
      const end = this.#special.exec(this.#text)?.index ?? this.#text.length
      value += this.#text.slice(this.#at, end)
      this.#at = end
      if (end === this.#text.length || this.#text.charCodeAt(end) !== this.#escape) return cut(value)
      if (end + 1 === this.#text.length) throw new CsvError('ends after an escape character')
      value += this.#text[end + 1]
      this.#at = end + 2
    }
  }

  /** The part of a field inside quotes, past the closing one. */
  #quoted(): string {
    const started = this.line
    let value = ''
    this.#at++
    for (;;) {
      this.#inQuotes.lastIndex = this.#at
      const found = this.#inQuotes.exec(this.#text)
      if (found === null || found.index + 1 > this.#text.length)
        throw new CsvError(`has a quote without an end from line ${started + 1} on`)
      value += this.#text.slice(this.#at, found.index)
      this.#at = found.index + 1
      if (this.#text.charCodeAt(found.index) === this.#escape && this.#escape !== this.#quote) {
        value += this.#text[this.#at++] ?? ''
        continue
      }
      if (!this.dialect.doublequote || this.#text.charCodeAt(this.#at) !== this.#quote) return value
      value += this.#text[this.#at++]
    }
  }
}

/** Texts end at a NUL in C. */
function cut(value: string): string {
  const end = value.indexOf('\0')
  return end < 0 ? value : value.slice(0, end)
}
