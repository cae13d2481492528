import { PyFloat, type PyValue } from '../../python/value.js'
import type { Column } from '../table-split.js'
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
    let [large, negative, gaps, filled] = [false, false, false, false]
    for (const [row, cell] of cells.entries()) {
      if (missing[row]) {
        gaps = true
        values.push(null)
        continue
      }
      filled = true
      const number = this.#numbers.integer(cell)
      if (number === null) return null
      if (typeof number === 'bigint') {
        if (number < least || number > unsignedMost)
          throw new CsvError(`has the whole number ${cell}, which is beyond 64 bits`)
        large ||= number > most
      }
      negative ||= number < 0
      values.push(number)
    }
    if (!filled && cells.length > 0) return null
    // numbers that need all 64 bits stay texts beside negative and missing ones, and what is missing is an empty text then
    if (large && (negative || gaps)) return { feature: value('large_string'), values: [...cells] }
    if (!gaps) return { feature: value(large ? 'uint64' : 'int64'), values }
    return {
      feature: value('float64'),
      values: values.map((number) => (number === null ? null : new PyFloat(Number(number)))),
    }
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
