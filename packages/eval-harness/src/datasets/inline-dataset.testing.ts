import type { PyDict } from '../python/value.js'
import type { Dataset } from './dataset.js'

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
