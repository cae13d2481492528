import type { ClaimState } from './claims.js'

/** Who has an item, in words. */
export function ownerText({ owner }: ClaimState): string {
  return owner === null ? 'an unknown process' : `process ${owner.pid} on ${owner.host}`
}
