import { intOf, PyFloat, type PyValue } from '../values/value.js'

/** Where another reader of JSON differs from json.loads. */
export interface JsonReading {
  /** The value of a number as it is written. */
  readonly number?: (text: string) => PyValue
  /** The value of NaN. */
  readonly nan?: PyValue
  /** Whether a key that stands twice, half a surrogate pair and a float beyond all floats are errors, as in pyarrow. */
  readonly strict?: boolean
}

const space = /[ \t\n\r]*/y
const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const string = /"[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\u0000-\u001f]*)*"/y
const words: readonly (readonly [string, PyValue])[] = [
  ['null', null],
  ['true', true],
  ['false', false],
  ['Infinity', new PyFloat(Number.POSITIVE_INFINITY)],
  ['-Infinity', new PyFloat(Number.NEGATIVE_INFINITY)],
]

/** Reads JSON values that stand in a text, one after the other. Throws SyntaxError with the position. */
export class JsonParser {
  /** The place after what has been read. */
  at: number
  readonly #nan: PyValue

  constructor(
    readonly text: string,
    readonly reading: JsonReading = {},
    start = 0,
    readonly end = text.length,
  ) {
    this.at = start
    this.#nan = reading.nan === undefined ? new PyFloat(Number.NaN) : reading.nan
  }

  /** Whether anything but white space is left. */
  more(): boolean {
    this.#skipSpace()
    return this.at < this.end
  }

  /** The next value. */
  value(): PyValue {
    this.#skipSpace()
    const first = this.text[this.at]
    if (first === '{') return this.#dict()
    if (first === '[') return this.#list()
    if (first === '"') return this.#string()
    for (const [word, value] of words) {
      if (this.text.startsWith(word, this.at)) {
        this.at += word.length
        return value
      }
    }
    if (this.text.startsWith('NaN', this.at)) {
      this.at += 3
      return this.#nan
    }
    return this.#number()
  }

  /** What is wrong at the place that is read. */
  error(): SyntaxError {
    return new SyntaxError(
      `unexpected ${this.at < this.text.length ? JSON.stringify(this.text[this.at]) : 'end'} at position ${this.at}`,
    )
  }

  #number(): PyValue {
    const found = this.#match(number)
    if (found === null) throw this.error()
    if (this.reading.number !== undefined) return this.reading.number(found)
    if (!/[.eE]/.test(found)) return intOf(found)
    const value = Number(found)
    if (this.reading.strict && !Number.isFinite(value))
      throw new SyntaxError(`the number ${found} is beyond all floats`)
    return new PyFloat(value)
  }

  #dict(): PyValue {
    const dict = new Map<string, PyValue>()
    this.at++
    this.#skipSpace()
    if (this.#take('}')) return dict
    do {
      this.#skipSpace()
      const key = this.#string()
      this.#skipSpace()
      if (!this.#take(':')) throw this.error()
      if (this.reading.strict && dict.has(key)) throw new SyntaxError(`the key "${key}" stands twice in one object`)
      dict.set(key, this.value())
      this.#skipSpace()
    } while (this.#take(','))
    if (!this.#take('}')) throw this.error()
    return dict
  }

  #list(): PyValue {
    const list: PyValue[] = []
    this.at++
    this.#skipSpace()
    if (this.#take(']')) return list
    do {
      list.push(this.value())
      this.#skipSpace()
    } while (this.#take(','))
    if (!this.#take(']')) throw this.error()
    return list
  }

  #string(): string {
    const found = this.#match(string)
    if (found === null) throw this.error()
    if (!found.includes('\\')) return found.slice(1, -1)
    const text = JSON.parse(found) as string
    if (this.reading.strict && /\p{Surrogate}/u.test(text)) throw new SyntaxError('half a surrogate pair in a text')
    return text
  }

  #skipSpace(): void {
    const code = this.text.charCodeAt(this.at)
    if (code > 32) return
    space.lastIndex = this.at
    space.exec(this.text)
    this.at = space.lastIndex
  }

  #match(pattern: RegExp): string | null {
    pattern.lastIndex = this.at
    const found = pattern.exec(this.text)
    if (found === null) return null
    this.at = pattern.lastIndex
    return found[0]
  }

  #take(character: string): boolean {
    if (this.text[this.at] !== character) return false
    this.at++
    return true
  }
}
