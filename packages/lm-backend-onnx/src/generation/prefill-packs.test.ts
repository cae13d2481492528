import { expect, it } from 'vitest'
import { prefillPacks } from './prefill-packs.js'

const limits = { columns: 100, tokens: 200, cells: Number.POSITIVE_INFINITY, sideBySide: true }

it('puts texts side by side after kept tokens', () => {
  expect(prefillPacks([40, 30, 130, 60, 20], 500, limits)).toEqual([[[2]], [[3, 0]], [[1, 4]]])
})

it('gives each text a row where nothing is kept, alike lengths together', () => {
  expect(prefillPacks([40, 30, 130, 60, 20, 60, 60], 0, limits)).toEqual([[[2]], [[3], [5], [6]], [[0], [1], [4]]])
})

it('gives each text a row where layers carry a state', () => {
  expect(prefillPacks([90, 80, 10], 500, { ...limits, sideBySide: false })).toEqual([[[0], [1]], [[2]]])
})

it('packs each text once, whatever the limits', () => {
  for (const [columns, tokens, cells] of [
    [1, 1, Number.POSITIVE_INFINITY],
    [7, 7, Number.POSITIVE_INFINITY],
    [50, 90, Number.POSITIVE_INFINITY],
    [50, 90, 700],
  ] as const) {
    for (const past of [0, 9]) {
      const lengths = Array.from({ length: 40 }, (_, at) => 1 + ((at * 17) % 23))
      const packs = prefillPacks(lengths, past, { columns, tokens, cells, sideBySide: true })
      expect(packs.flat(2).sort((a, b) => a - b)).toEqual([...lengths.keys()])
      for (const rows of packs) {
        const widest = Math.max(...rows.map((row) => row.reduce((sum, text) => sum + lengths[text]!, 0)))
        if (rows.flat().length === 1) continue
        expect(rows.length * widest).toBeLessThanOrEqual(past > 0 ? columns : tokens)
        expect(rows.length * widest * (past + widest)).toBeLessThanOrEqual(cells)
      }
    }
  }
})
