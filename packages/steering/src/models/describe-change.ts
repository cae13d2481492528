import type { SteeredEntry } from '../vectors/steered-entry.js'

/** What an entry does to the activation, for the header of a run. */
export function describeChange({ change, origin, keepsNorm }: SteeredEntry): string {
  const { coefficient: c } = change
  const length = keepsNorm ? ', at the length that it had' : ''
  switch (change.action) {
    case 'add':
      return `add ${c} x ${origin}${length}`
    case 'add_matched':
      return `add ${origin}, ${c} times as long as the activation${length}`
    case 'project_clamp':
      return `clamp to ${c} along ${origin}${length}`
    case 'project_scale':
      return `scale what lies along ${origin} by ${Number(c.toPrecision(6))}${length}`
    case 'project_cap':
      return `cap what lies along ${origin} at ${c}${length}`
    case 'replace':
      return `replace by ${c} x ${origin}${length}`
    case 'linear':
      return `replace by ${c} x the linear map of ${origin}`
    case 'loreft':
      return `add ${c} x R^T(Wh + b - Rh) of ${origin}, rank ${change.rank}`
    case 'low_rank':
      return `add ${c} x the low-rank map of ${origin}, rank ${change.rank}`
  }
}
