import type { Dataset } from '@saeval/python/internal/functions/dataset'
import type { PyDict } from '@saeval/python/internal/values/value'

/** A dataset of rows that are there already. */
export function inlineDataset(name: string, splits: PyDict): Dataset {
  return {
    name,
    splitNames: [...splits.keys()],
    split: async (split) => {
      const rows = splits.get(split) as readonly PyDict[]
      return {
        columns: [...(rows[0]?.keys() ?? [])],
        length: rows.length,
        rows: async (start, end) => rows.slice(start, end),
      }
    },
  }
}
