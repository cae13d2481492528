import { InputError } from '@saeval/hub'
import type { Split } from '@saeval/python/internal/functions/dataset'
import type { PyDict, PyValue } from '@saeval/python/internal/values/value'
import { parquetReadObjects } from 'hyparquet'
import { takeTurns } from '../../turns/take-turns.js'
import type { DataFile } from '../files/data-file.js'
import { pageCompressors } from '../files/unpack.js'
import { CastError, castOf } from '../tables/casts.js'
import { classNames, type Feature, type Features } from '../tables/features.js'
import { inColumn, refuseMedia, refuseOtherColumns } from '../tables/table-split.js'
import { openFile, type ParquetFile, pageCheck, parsers, withBuffer } from './parquet-file.js'

/**
 * Opens parquet files as one split; only the row groups that hold the rows asked for are read. Types are those that the card tells,
 * else those of the first file; other files are cast to them. `wanted` are the columns to keep, null for all.
 */
export async function parquetSplit(
  files: readonly DataFile[],
  features: Features,
  wanted: readonly string[] | null = null,
  signal?: AbortSignal,
): Promise<Split> {
  const parts = await Promise.all(files.map(openFile))
  const all: ReadonlyMap<string, Feature> =
    features ?? new Map(parts[0]!.columns.map(({ name, feature }) => [name, feature]))
  const missing = wanted?.find((name) => !all.has(name))
  if (missing !== undefined)
    throw new InputError(`${files[0]!.name} has no column ${missing}, which dataset_kwargs.columns names`)
  const schema = new Map([...all].filter(([name]) => wanted === null || wanted.includes(name)))
  refuseMedia(schema, files[0]!.name)
  const readers = parts.map((part) => rowReader(part, schema, wanted !== null, signal))
  return {
    columns: [...schema.keys()],
    length: parts.reduce((sum, part) => sum + part.length, 0),
    classNames: classNames(schema),
    rows: async (start = 0, end = Number.POSITIVE_INFINITY) => {
      const rows: PyDict[] = []
      let offset = 0
      for (const [index, part] of parts.entries()) {
        const from = Math.max(0, start - offset)
        const to = Math.min(part.length, end - offset)
        if (from < to) for (const row of await readers[index]!(from, to)) rows.push(row)
        offset += part.length
      }
      return rows
    },
  }
}

type ReadValue = (row: Readonly<Record<string, unknown>>) => PyValue

function rowReader(
  part: ParquetFile,
  schema: ReadonlyMap<string, Feature>,
  chosen: boolean,
  signal: AbortSignal | undefined,
) {
  const stored = new Map(part.columns.map((column) => [column.name, column]))
  if (!chosen) refuseOtherColumns(stored.keys(), schema, part.file.name)
  const columns = [...schema].map(([name, feature]): readonly [string, ReadValue] => {
    const column = stored.get(name)
    if (column === undefined) return [name, () => null]
    const cast = inColumn(part.file.name, name, () => castOf(column.type.feature, feature))
    return [name, (row) => (cast === null ? column.type.read(row[name]) : cast(column.type.read(row[name])))]
  })
  const readRow = (row: Readonly<Record<string, unknown>>): PyDict =>
    new Map(columns.map(([name, read]) => [name, readIn(part.file.name, name, () => read(row))]))
  return async (start: number, end: number): Promise<PyDict[]> => {
    const { file, metadata } = part
    const check = pageCheck(part)
    const rows: PyDict[] = []
    let groupEnd = 0
    for (const group of metadata.row_groups) {
      const groupStart = groupEnd
      groupEnd += Number(group.num_rows)
      const [rowStart, rowEnd] = [Math.max(start, groupStart), Math.min(end, groupEnd)]
      if (rowStart >= rowEnd) continue
      const options = { metadata, rowStart, rowEnd, compressors: pageCompressors, parsers, utf8: false }
      for (const row of await withBuffer(file, check, (buffer) => parquetReadObjects({ file: buffer, ...options }))) {
        if (rows.length % 256 === 0) await takeTurns(signal)
        rows.push(readRow(row))
      }
    }
    return rows
  }
}

/** Errors of a value's own type name the column, too. */
function readIn(file: string, column: string, read: () => PyValue): PyValue {
  try {
    return read()
  } catch (cause) {
    if (cause instanceof CastError || cause instanceof RangeError)
      return inColumn(file, column, () => {
        throw cause
      })
    throw new InputError(`${file}, column ${column}: it ${cause instanceof Error ? cause.message : cause}`, { cause })
  }
}
