import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Documents of the goldens beside the checkout, by dataset. */
export function storedDocuments(repository, parseJson) {
  const folder = join(repository, '../shared/fixtures/golden/requests')
  const found = new Map()
  if (!existsSync(folder)) return found
  for (const file of readdirSync(folder)) {
    const head = parseJson(readFileSync(join(folder, file), 'utf8').split('\n')[0])
    const splits = head.get('splits')
    if (splits === undefined || found.has(head.get('dataset_path'))) continue
    const all = [...splits.values()].flat()
    found.set(head.get('dataset_path'), {
      name: head.get('dataset_path'),
      splitNames: [],
      split: async () => ({
        columns: [...all[0].keys()],
        length: all.length,
        rows: async (start, end) => all.slice(start, end),
      }),
    })
  }
  return found
}
