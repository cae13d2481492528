import { seededUniform } from '@saeval/hub/internal/seeded-uniform'
import { shuffled } from '../shuffled.js'

/** What latents are matched in. */
export interface LatentFacts {
  /** Share of tokens at which each latent is active, [d_sae]. */
  readonly density: Float64Array
  /** Length of each decoder row, [d_sae]. */
  readonly norm: Float64Array
}

/** Nearest latents from which the matched ones are drawn, for each that is wanted. */
const pool = 5

/** A latent that controls replace. */
export interface ReplacedLatent {
  /** Tells SAEs apart: latents of one are not to meet. */
  readonly sae: string
  readonly latent: number
  readonly facts: LatentFacts
}

/** Lists by their places; undefined where there is none. */
export type KeptLists = readonly (readonly number[] | undefined)[]

/**
 * Controls of latents that act together: in each of the `count` lists the latent that stands for every one given. It is drawn by the seed from the 5 * count
 * that are nearest in density and decoder norm: |log ratio| of the densities plus that of the norms (from more, where the latents given could use these up).
 * In one list no latent of an SAE stands twice, none is one of those given, and none stands for the same one in two lists. The same latent given twice is
 * the same there too. Latents that are never active match none; for one that is never active itself others match by their norm alone. Fewer lists where an SAE has too few latents. Lists that were drawn before, for the same
 * rows, stay in their places (`kept`), whatever latents are like now.
 */
export function matchedLatents(
  rows: readonly ReplacedLatent[],
  count: number,
  seed: number,
  kept: KeptLists = [],
): (readonly number[])[] {
  const keyOf = ({ sae, latent }: ReplacedLatent) => JSON.stringify([sae, latent])
  const distinct = new Map<string, { readonly sae: string; readonly left: Set<number> }>()
  for (const [index, row] of rows.entries()) {
    if (distinct.has(keyOf(row))) continue
    const given = new Set(rows.flatMap(({ sae, latent }) => (sae === row.sae ? [latent] : [])))
    const most = Math.max(pool * count, count + given.size - 1)
    const before = new Set(kept.flatMap((list) => (list === undefined ? [] : [list[index]!])))
    const drawn = shuffled(nearest(row, given, most + before.size), seededUniform(seed + index))
    const left = drawn.filter((latent) => !before.has(latent))
    distinct.set(keyOf(row), { sae: row.sae, left: new Set(left) })
  }
  const lists: (readonly number[])[] = []
  for (let at = 0; at < count; at++) {
    const before = kept[at]
    if (before !== undefined) {
      lists.push(before)
      continue
    }
    const drawn = new Map<string, number>()
    const taken = new Map<string, Set<number>>()
    for (const [key, { sae, left }] of distinct) {
      const others = taken.get(sae) ?? new Set()
      const found = [...left].find((latent) => !others.has(latent))
      if (found === undefined) return lists
      left.delete(found)
      taken.set(sae, others.add(found))
      drawn.set(key, found)
    }
    lists.push(rows.map((row) => drawn.get(keyOf(row))!))
  }
  return lists
}

function nearest(
  { latent, facts: { density, norm } }: ReplacedLatent,
  excluded: ReadonlySet<number>,
  most: number,
): number[] {
  const apart = (values: Float64Array, other: number) =>
    values[latent]! > 0 ? Math.abs(Math.log(values[other]! / values[latent]!)) : 0
  return [...density.keys()]
    .filter((other) => !excluded.has(other) && density[other]! > 0 && norm[other]! > 0)
    .map((other) => ({ other, distance: apart(density, other) + apart(norm, other) }))
    .sort((a, b) => a.distance - b.distance || a.other - b.other)
    .slice(0, most)
    .map(({ other }) => other)
}
