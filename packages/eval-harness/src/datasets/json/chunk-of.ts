import type { PyDict } from '@saeval/python/internal/values/value'
import type { Feature } from '../tables/features.js'
import { type Chunk, inColumn } from '../tables/table-split.js'
import { fit } from './infer.js'

/** Rows with their types as a chunk. */
export function chunkOf(rows: readonly PyDict[], features: ReadonlyMap<string, Feature>, name: string): Chunk {
  return {
    name,
    length: rows.length,
    columns: new Map(
      [...features].map(([column, feature]) => [
        column,
        {
          feature,
          values: inColumn(name, column, () => rows.map((row) => fit(row.get(column) ?? null, feature))),
        },
      ]),
    ),
  }
}
