import { placeKey } from './layer-place.js'
import type { SteeredEntry } from './steered-entry.js'

/**
 * The first of edits that act one after the other, as those of vectors do, that cannot be rows of a CSV, whose rows on one SAE read the same activation,
 * and why; null where it is the same: vectors that are added, project_scale and project_cap alone, or one project_clamp alone at a place.
 */
export function outOfOrder(
  entries: readonly SteeredEntry[],
): { readonly entry: SteeredEntry; readonly why: string } | null {
  const places = entries.map(({ decoderRows, hookpoint }) => placeKey(decoderRows?.hookPoint ?? hookpoint))
  for (const [at, entry] of entries.entries()) {
    const here = entries.filter((_, other) => places[other] === places[at])
    const actions = here.map(({ change }) => change.action)
    const isAlike =
      actions.length === 1 ||
      actions.every((action) => action === 'add') ||
      actions.every((action) => action === 'project_scale' || action === 'project_cap')
    if (isAlike || entry === here[0]) continue
    const names = [...new Set(actions)].join(' and ')
    return {
      entry,
      why: `${names} at ${entry.hookpoint}: rows on one SAE read the same activation, vectors act one after the other`,
    }
  }
  return null
}
