import { describe, expect, it } from 'vitest'
import { exactPlayers, shapley } from './shapley.js'

/** Parts by counting every order, written apart: the mean of what a player adds. */
function bruteForce(players: number, value: (set: ReadonlySet<number>) => number): number[] {
  const sums = new Array<number>(players).fill(0)
  let orders = 0
  const go = (order: readonly number[]) => {
    if (order.length === players) {
      orders++
      const seen = new Set<number>()
      for (const player of order) {
        const before = value(seen)
        seen.add(player)
        sums[player]! += value(seen) - before
      }
      return
    }
    for (let player = 0; player < players; player++) if (!order.includes(player)) go([...order, player])
  }
  go([])
  return sums.map((sum) => sum / orders)
}

/** A game without symmetry: players help and hinder each other. */
const game = (set: ReadonlySet<number>) => {
  const list = [...set]
  const sum = list.reduce((total, player) => total + Math.sin(player + 1), 0)
  const product = list.reduce((total, player) => total * (1 + 0.3 * Math.cos(player)), 1)
  return 2 + sum * product + (set.has(0) && set.has(2) ? -1.5 : 0)
}

describe('shapley', () => {
  it.each([1, 3, 6])('of %i players is the mean over all orders', async (players) => {
    const [found] = await shapley(players, async (set) => [game(new Set(set))], 1)
    const expected = bruteForce(players, game)
    found!.parts.forEach((part, player) => {
      expect(part).toBeCloseTo(expected[player]!, 12)
    })
    expect(found!.errors).toBeNull()
    expect(found!.none).toBe(2)
  })

  it('asks no subset twice, and several games at once', async () => {
    const asked = new Set<string>()
    const [first, second] = await shapley(
      exactPlayers,
      async (set) => {
        expect(asked.has(set.join())).toBe(false)
        asked.add(set.join())
        return [set.length, set.includes(3) ? 5 : 0]
      },
      1,
    )
    expect(asked.size).toBe(256)
    for (const part of first!.parts) expect(part).toBeCloseTo(1, 12)
    expect(second!.parts.map((part) => Math.round(part * 1e9) / 1e9)).toEqual([0, 0, 0, 5, 0, 0, 0, 0])
  })

  it('of many players is sampled by the seed, adds up, and tells its error', async () => {
    const players = 12
    const value = async (set: readonly number[]) => [game(new Set(set))]
    const [found] = await shapley(players, value, 7)
    expect(await shapley(players, value, 7)).toEqual([found])
    expect((await shapley(players, value, 8))[0]!.parts).not.toEqual(found!.parts)
    expect(found!.parts.reduce((sum, part) => sum + part, 0)).toBeCloseTo(found!.all - found!.none, 10)
    // apart: the exact values from all 2^12 subsets
    const weights = Array.from(
      { length: players },
      (_, size) => (factorial(size) * factorial(players - 1 - size)) / factorial(players),
    )
    const inError = Array.from({ length: players }, (_, player) => {
      let part = 0
      for (let set = 0; set < 2 ** players; set++) {
        if ((set >> player) & 1) continue
        const before = new Set([...Array(players).keys()].filter((other) => (set >> other) & 1))
        part += weights[before.size]! * (game(new Set([...before, player])) - game(before))
      }
      return Math.abs(found!.parts[player]! - part) / found!.errors![player]!
    })
    // 12 standard errors: beyond 4 has a chance below 0.1 %
    expect(Math.max(...inError)).toBeLessThan(4)
    expect(Math.max(...inError)).toBeGreaterThan(0.5)
  })

  it('of no player has no parts', async () => {
    expect(await shapley(0, async () => [3], 1)).toEqual([{ none: 3, all: 3, parts: [], errors: null }])
  })
})

function factorial(n: number): number {
  return n < 2 ? 1 : n * factorial(n - 1)
}
