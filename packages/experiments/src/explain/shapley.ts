import { seededUniform } from '@saeval/hub/internal/seeded-uniform'
import { shuffled } from '../shuffled.js'

/** What a set of players is worth, one number for each of several games: of documents, say, that are asked together. Players are named by their places, in order. */
export type CoalitionValue = (players: readonly number[]) => Promise<readonly number[]>

/** The parts of one game. */
export interface ShapleyParts {
  /** What the game is worth without any player. */
  readonly none: number
  /** What it is worth with all of them. */
  readonly all: number
  /** A part for each player; they add up to all - none. */
  readonly parts: readonly number[]
  /** Standard error of each part, over the orders that were drawn; null where all orders were counted. */
  readonly errors: readonly number[] | null
}

/** Players whose subsets are all asked: 2^8 values. */
export const exactPlayers = 8

/** Orders that are drawn where there are more players. */
const orders = 64

/**
 * Shapley values (Shapley 1953, "A Value for n-Person Games"): each player's mean contribution over all orders in which players can come. Up to `exactPlayers`
 * players exactly, from the values of all subsets; above by sampled orders (Castro et al. 2009, "Polynomial calculation of the Shapley value based on
 * sampling"), each followed by its reverse (Mitchell et al. 2022), drawn by `seed`: the standard error is that of the mean over such pairs. No subset
 * is asked twice.
 */
export async function shapley(players: number, value: CoalitionValue, seed: number): Promise<ShapleyParts[]> {
  const known = new Map<string, Promise<readonly number[]>>()
  const worth = (chosen: readonly number[]) => {
    const sorted = [...chosen].sort((a, b) => a - b)
    const key = sorted.join()
    const found = known.get(key) ?? value(sorted)
    known.set(key, found)
    return found
  }
  const everyone = [...Array(players).keys()]
  const [none, all] = [await worth([]), await worth(everyone)]
  const found = players <= exactPlayers ? await exact(everyone, worth) : await sampled(everyone, worth, seed)
  return none.map((before, game) => ({
    none: before,
    all: all[game]!,
    parts: found.parts.map((list) => list[game]!),
    errors: found.errors?.map((list) => list[game]!) ?? null,
  }))
}

/** By player and game. */
interface Parts {
  readonly parts: readonly (readonly number[])[]
  readonly errors: readonly (readonly number[])[] | null
}

async function exact(everyone: readonly number[], worth: CoalitionValue): Promise<Parts> {
  const n = everyone.length
  // of n! orders, those in which exactly these players come before
  const weights = everyone.map((size) => 1 / (n * binomial(n - 1, size)))
  const parts: (readonly number[])[] = []
  for (const player of everyone) {
    const others = everyone.filter((other) => other !== player)
    let sum: readonly number[] | null = null
    for (let set = 0; set < 2 ** (n - 1); set++) {
      const before = others.filter((_, at) => (set >> at) & 1)
      const [without, with_] = [await worth(before), await worth([...before, player])]
      const weight = weights[before.length]!
      sum = with_.map((value, game) => (sum?.[game] ?? 0) + weight * (value - without[game]!))
    }
    parts.push(sum!)
  }
  return { parts, errors: null }
}

async function sampled(everyone: readonly number[], worth: CoalitionValue, seed: number): Promise<Parts> {
  const random = seededUniform(seed)
  /** By pair of orders, player and game. */
  const pairs: (readonly number[])[][] = []
  for (let pair = 0; pair < orders / 2; pair++) {
    const order = shuffled(everyone, random)
    const [first, second] = [await contributions(order, worth), await contributions(order.toReversed(), worth)]
    pairs.push(everyone.map((player) => first[player]!.map((value, game) => (value + second[player]![game]!) / 2)))
  }
  const over = (combine: (values: readonly number[]) => number) =>
    everyone.map((player) => pairs[0]![player]!.map((_, game) => combine(pairs.map((list) => list[player]![game]!))))
  return { parts: over(mean), errors: over(errorOfMean) }
}

/** What each player adds to those that come before it, by player and game. */
async function contributions(order: readonly number[], worth: CoalitionValue): Promise<(readonly number[])[]> {
  const found: (readonly number[])[] = []
  let before = await worth([])
  for (const [place, player] of order.entries()) {
    const after = await worth(order.slice(0, place + 1))
    const least = before
    found[player] = after.map((value, game) => value - least[game]!)
    before = after
  }
  return found
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

function errorOfMean(values: readonly number[]): number {
  const middle = mean(values)
  const squares = values.reduce((sum, value) => sum + (value - middle) ** 2, 0)
  return Math.sqrt(squares / (values.length - 1) / values.length)
}

function binomial(n: number, k: number): number {
  let value = 1
  for (let at = 0; at < k; at++) value = (value * (n - at)) / (at + 1)
  return value
}
