import { describe, expect, it } from 'vitest'
import { divideWork } from './divide-work.js'

/** Every block of every setting, as often as it is in an item. */
function covered(blocks: number, settings: number, items: ReturnType<typeof divideWork>['items']): number[] {
  const counts = new Array<number>(blocks * settings).fill(0)
  for (const {
    blocks: [a, b],
    settings: [c, d],
  } of items)
    for (let block = a; block < b; block++)
      for (let setting = c; setting < d; setting++) counts[block * settings + setting]!++
  return counts
}

const alike = (works: readonly number[], furtherShare: number) => works.map((work) => ({ work, furtherShare }))

describe('work that is divided', () => {
  it('is all there, once, whatever is asked for', () => {
    for (const blocks of [1, 2, 7, 40])
      for (const settings of [1, 3, 15])
        for (const shards of [1, 2, 5, 16, 1000]) {
          const works = Array.from({ length: blocks }, (_, at) => 100 + ((at * 37) % 50))
          const { items } = divideWork({ blocks: alike(works, 0.3), settings, shards })
          expect(covered(blocks, settings, items).every((count) => count === 1)).toBe(true)
          expect(items.length).toBeLessThanOrEqual(shards)
          if (shards >= blocks * settings) expect(items.length).toBe(blocks * settings)
        }
  })

  it('keeps settings together where blocks are enough', () => {
    const { items, cost } = divideWork({ blocks: alike(new Array(40).fill(10), 0.25), settings: 12, shards: 8 })
    expect(items.map(({ blocks: [a, b], settings }) => [b - a, settings])).toEqual(new Array(8).fill([5, [0, 12]]))
    expect(cost).toBe(1)
  })

  it('divides settings where blocks are few, and says what that costs', () => {
    const { items, cost } = divideWork({ blocks: alike([10], 0.25), settings: 12, shards: 4 })
    expect(items.map(({ settings }) => settings)).toEqual([
      [0, 3],
      [3, 6],
      [6, 9],
      [9, 12],
    ])
    // four times a whole pass and two quarters, in place of one and eleven quarters
    expect(cost).toBeCloseTo((4 * 1.5) / 3.75)
  })

  it('divides settings at no cost where they share nothing: texts that are generated', () => {
    const { items, cost } = divideWork({ blocks: [{ work: 10, furtherShare: 1 }], settings: 4, shards: 4 })
    expect(items.length).toBe(4)
    expect(cost).toBe(1)
  })

  it('makes items of about the same work', () => {
    const works = Array.from({ length: 1000 }, (_, at) => 50 + ((at * 7919) % 100))
    const { items } = divideWork({ blocks: alike(works, 1), settings: 1, shards: 100 })
    const mean = works.reduce((sum, work) => sum + work, 0) / 100
    expect(items.length).toBe(100)
    for (const { work } of items) expect(work).toBeLessThan(1.15 * mean)
  })

  it('of nothing is nothing', () => {
    expect(divideWork({ blocks: [], settings: 3, shards: 4 })).toEqual({ items: [], cost: 1 })
  })
})
