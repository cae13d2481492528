import { InputError } from '@saeval/hub'
import { PyFloat } from '@saeval/python/internal/values/value'
import { shortened } from '../../messages/listed.js'
import { type DataFile, readBytes } from '../files/data-file.js'
import { decodeText } from '../files/encodings.js'
import type { Chunk, Column } from '../tables/table-split.js'
import { ColumnTyper } from './columns.js'
import type { CsvDialect } from './dialect.js'
import { headerOf } from './header.js'
import { CsvError, CsvLines } from './lines.js'

/**
 * CSV files as pandas.read_csv reads them for `datasets`, 10,000 rows at a time, each with types of their own. Throws InputError naming the
 * file for what pandas cannot read either.
 */
export async function* csvChunks(files: readonly DataFile[], dialect: CsvDialect): AsyncGenerator<Chunk> {
  for (const file of files) {
    const text = decodeText(await readBytes(file), dialect.encoding, file.name)
    try {
      yield* fileChunks(text, file.name, dialect)
    } catch (cause) {
      if (!(cause instanceof CsvError)) throw cause
      throw new InputError(`${file.name}: the file ${cause.message}`, { cause })
    }
  }
}

function* fileChunks(text: string, name: string, dialect: CsvDialect): Generator<Chunk> {
  const lines = new CsvLines(text, dialect)
  const { columns, indexes, width, first } = headerOf(lines, dialect)
  const typer = new ColumnTyper(dialect)
  let line = first
  let left = dialect.nrows ?? Number.POSITIVE_INFINITY
  do {
    const cells: string[][] = columns.map(() => [])
    const rows = Math.min(left, dialect.chunksize)
    let length = 0
    for (; length < rows && line !== null; line = lines.next()) {
      if (line.length > width && dialect.usecols === null) {
        if (dialect.onBadLines === 'skip') continue
        throw new CsvError(`has ${line.length} fields in line ${lines.line}, where ${width} are expected`)
      }
      for (const [at, { index }] of columns.entries()) cells[at]!.push(line[index] ?? '')
      length++
    }
    left -= length
    if (length === 0) continue
    const read = columns.map(
      (column, at) =>
        [
          column.name,
          typed(typer, cells[at]!, column.name, dialect.indexColumn !== null && at >= columns.length - indexes),
        ] as const,
    )
    yield { name, length, columns: new Map(isRange(read, indexes) ? read.slice(0, -1) : read) }
  } while (line !== null && left > 0)
}

/** pandas keeps an index of evenly spaced whole numbers as their range, which datasets does not see. */
function isRange(columns: readonly (readonly [string, Column])[], indexes: number): boolean {
  if (indexes !== 1) return false
  const { feature, values } = columns.at(-1)![1]
  if (feature.kind !== 'value' || feature.dtype !== 'int64' || values.length < 2) return false
  const whole = values.map((value) => BigInt(value as number | bigint))
  const step = whole[1]! - whole[0]!
  return step !== 0n && whole.every((value, row) => row === 0 || value - whole[row - 1]! === step)
}

function typed(typer: ColumnTyper, cells: readonly string[], name: string, index: boolean): Column {
  try {
    const column = typer.column(cells)
    return index ? asIndex(column) : column
  } catch (cause) {
    if (cause instanceof CsvError) throw new CsvError(`${cause.message} (column ${shortened(name)})`)
    throw cause
  }
}

/** A column that index_col makes the index has no truths beside missing ones: they are numbers there. */
function asIndex(column: Column): Column {
  const { feature, values } = column
  if (feature.kind !== 'value' || feature.dtype !== 'bool' || !values.includes(null)) return column
  const floats = values.map((value) => (value === null ? null : new PyFloat(Number(value))))
  return { feature: { kind: 'value', dtype: 'float64' }, values: floats }
}
