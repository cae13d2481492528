import { PyFloat, type PyValue } from '@saeval/python/internal/values/value'
import type { Column } from '../tables/table-split.js'
import type { CsvDialect } from './dialect.js'
import { CsvError } from './lines.js'
import { type NumberReaders, numberReaders } from './numbers.js'

const value = (dtype: string) => ({ kind: 'value', dtype }) as const
const trueTexts = ['True', 'TRUE', 'true']
const falseTexts = ['False', 'FALSE', 'false']
const [least, most, unsignedMost] = [-(2n ** 63n), 2n ** 63n - 1n, 2n ** 64n - 1n]

/** Types the cells of a column as pandas' C parser does: whole numbers, else numbers, else truths, else texts. */
export class ColumnTyper {
  readonly #numbers: NumberReaders
  readonly #truths: ReadonlyMap<string, boolean>

  constructor(readonly dialect: CsvDialect) {
    this.#numbers = numberReaders(dialect)
    this.#truths = new Map([
      ...[...trueTexts, ...dialect.trueValues].map((text) => [text, true] as const),
      ...[...falseTexts, ...dialect.falseValues].map((text) => [text, false] as const),
    ])
  }

  /** Throws CsvError for numbers that pandas itself cannot hold. */
  column(cells: readonly string[]): Column {
    const missing = cells.map((cell) => this.dialect.naFilter && this.dialect.naValues.has(cell))
    return (
      (this.dialect.nonnumeric ? null : this.#integers(cells, missing)) ??
      this.#floats(cells, missing) ??
      this.#booleans(cells, missing) ?? {
        feature: value('large_string'),
        values: cells.map((cell, row) => (missing[row] ? null : cell)),
      }
    )
  }

  #integers(cells: readonly string[], missing: readonly boolean[]): Column | null {
    const values: (number | bigint | null)[] = []
    let gaps = false
    for (const [row, cell] of cells.entries()) {
      const number = missing[row] ? null : this.#numbers.integer(cell)
      if (number === null && !missing[row]) return null
      if (typeof number === 'bigint' && (number < least || number > most)) return this.#large(cells, missing)
      gaps ||= number === null
      values.push(number)
    }
    if (!gaps) return { feature: value('int64'), values }
    if (values.every((number) => number === null)) return null
    // the least whole number stands for a missing one while pandas reads
    const floats = values.map((number) => (number === null || number === least ? null : new PyFloat(Number(number))))
    return { feature: value('float64'), values: floats }
  }

  /** A column with a whole number beyond 64 bits with a sign: numbers without one, or texts where one is negative or missing. */
  #large(cells: readonly string[], missing: readonly boolean[]): Column | null {
    const values: (number | bigint)[] = []
    let [large, other] = [false, false]
    for (const [row, cell] of cells.entries()) {
      if (missing[row] || /^\s*-/.test(cell)) {
        other = true
        values.push(0)
        continue
      }
      const number = this.#numbers.integer(cell)
      if (number === null) return null
      if (number > unsignedMost) return this.#beyond(cells, missing)
      large ||= number > most
      values.push(number)
    }
    if (!other) return { feature: value('uint64'), values }
    if (large) return { feature: value('large_string'), values: [...cells] }
    return this.#beyond(cells, missing)
  }

  /** pandas keeps Python's ints where all cells are some, which Arrow then cannot hold; else it keeps texts. */
  #beyond(cells: readonly string[], missing: readonly boolean[]): Column {
    const whole = cells.every((cell, row) => missing[row] || /^\s*[+-]?\d+(_\d+)*\s*$/.test(cell))
    if (whole) throw new CsvError('has whole numbers beyond 64 bits')
    return { feature: value('large_string'), values: [...cells] }
  }

  #floats(cells: readonly string[], missing: readonly boolean[]): Column | null {
    const values: PyValue[] = []
    for (const [row, cell] of cells.entries()) {
      const number = missing[row] ? null : this.#numbers.float(cell)
      if (number === null && !missing[row]) return null
      values.push(number === null ? null : new PyFloat(number))
    }
    return { feature: value('float64'), values }
  }

  #booleans(cells: readonly string[], missing: readonly boolean[]): Column | null {
    const values: PyValue[] = []
    for (const [row, cell] of cells.entries()) {
      const truth = missing[row] ? null : this.#truths.get(cell)
      if (truth === undefined) return null
      values.push(truth)
    }
    return { feature: value('bool'), values }
  }
}
