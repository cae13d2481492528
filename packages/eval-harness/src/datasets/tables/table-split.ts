import { InputError } from '@saeval/hub'
import type { Split } from '@saeval/python/internal/functions/dataset'
import type { PyDict, PyValue } from '@saeval/python/internal/values/value'
import { listed, shortened } from '../../messages/listed.js'
import { takeTurns } from '../../turns/take-turns.js'
import { CastError, castOf } from './casts.js'
import { classNames, type Feature, type Features, mediaOf } from './features.js'

const mostRows = 10_000_000

/** A column of some rows. */
export interface Column {
  readonly feature: Feature
  readonly values: readonly PyValue[]
}

/** Rows that were typed together: a file, or as many of its rows as datasets reads at once. */
export interface Chunk {
  /** The file, for messages. */
  readonly name: string
  readonly length: number
  readonly columns: ReadonlyMap<string, Column>
}

/**
 * Chunks as one split. The types are `features`, else those of the first chunk; those of the others are cast to them as `datasets`
 * does. A column that a chunk lacks is None there. Throws InputError naming file and column where that fails.
 */
export async function tableSplit(
  chunks: AsyncIterable<Chunk>,
  features: Features,
  signal?: AbortSignal,
): Promise<Split> {
  let schema = features
  let length = 0
  const columns = new Map<string, PyValue[]>()
  for await (const chunk of chunks) {
    await takeTurns(signal)
    schema ??= chunkFeatures(chunk)
    if (schema.size === 0) throw new InputError(`${chunk.name}: its documents have no columns`)
    refuseMedia(schema, chunk.name)
    refuseOtherColumns(chunk.columns.keys(), schema, chunk.name)
    length += chunk.length
    if (length > mostRows)
      throw new InputError(
        `${chunk.name}: the split has more than ${mostRows} rows, more than are held in memory; name fewer files`,
      )
    for (const [name, feature] of schema) {
      const values = columns.get(name) ?? []
      columns.set(name, values)
      for (const value of castColumn(chunk, name, feature)) values.push(value)
    }
  }
  return {
    columns: [...(schema ?? new Map()).keys()],
    length,
    classNames: classNames(schema),
    rows: async (start = 0, end = length) => {
      const rows: PyDict[] = []
      for (let place = start; place < Math.min(end, length); place++) {
        const row = new Map<string, PyValue>()
        for (const [name, values] of columns) row.set(name, values[place]!)
        rows.push(row)
      }
      return rows
    },
  }
}

/** The types of a chunk's columns. */
export function chunkFeatures({ columns }: Chunk): ReadonlyMap<string, Feature> {
  return new Map([...columns].map(([name, { feature }]) => [name, feature]))
}

/** Throws InputError for a column whose values datasets decodes into something that no prompt of text can hold. */
export function refuseMedia(features: ReadonlyMap<string, Feature>, name: string): void {
  for (const [column, feature] of features) {
    const kind = mediaOf(feature)
    if (kind !== null) throw new InputError(`${name}, column ${column}: values of the type ${kind} are not supported`)
  }
}

/** Throws InputError where a file has columns that the dataset's types do not name. */
export function refuseOtherColumns(
  columns: Iterable<string>,
  schema: ReadonlyMap<string, Feature>,
  name: string,
): void {
  const extra = [...columns].filter((column) => !schema.has(column))
  if (extra.length > 0)
    throw new InputError(
      `${name}: the column${extra.length > 1 ? 's' : ''} ${listed(extra)} ${extra.length > 1 ? 'are' : 'is'} not among the dataset's columns ${listed(schema.keys())}, which its first rows or its card tell`,
    )
}

function castColumn(chunk: Chunk, name: string, feature: Feature): readonly PyValue[] {
  const column = chunk.columns.get(name)
  if (column === undefined) return new Array(chunk.length).fill(null)
  return inColumn(chunk.name, name, () => {
    const cast = castOf(column.feature, feature)
    return cast === null ? column.values : column.values.map(cast)
  })
}

/** Runs `step`; what cannot be cast or has no value in Python becomes an InputError that names file and column. */
export function inColumn<Result>(file: string, column: string, step: () => Result): Result {
  try {
    return step()
  } catch (cause) {
    if (!(cause instanceof CastError) && !(cause instanceof RangeError)) throw cause
    const because = cause.name === 'CastError' ? `it ${cause.message}` : cause.message
    throw new InputError(`${file}, column ${shortened(column)}: ${shortened(because, 500)}`, { cause })
  }
}
