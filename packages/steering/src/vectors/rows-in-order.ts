import type { SteeredEntry } from './steered-entry.js'

/**
 * Why edits that act one after the other, as those of vectors do, cannot be rows of a CSV, whose rows on one SAE read the same activation; null where it
 * is the same: vectors that are added, project_scale and project_cap alone, or one project_clamp alone at a place.
 */
export function rowsInOrder(entries: readonly SteeredEntry[]): string | null {
  for (const { hookpoint } of entries) {
    const actions = entries.flatMap((other) => (other.hookpoint === hookpoint ? other.change.action : []))
    const isAlike =
      actions.length === 1 ||
      actions.every((action) => action === 'add') ||
      actions.every((action) => action === 'project_scale' || action === 'project_cap')
    if (!isAlike)
      return `${[...new Set(actions)].join(' and ')} at ${hookpoint}: rows on one SAE read the same activation, vectors act one after the other`
  }
  return null
}
