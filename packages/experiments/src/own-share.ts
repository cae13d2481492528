import { type ClaimTimes, defaultClaimTimes, openClaims } from '@saeval/hub/internal/claims/claims'
import { ownIdentity, type ProcessIdentity } from '@saeval/hub/internal/claims/process-identity'
import { claimsFolder } from './each-claimed.js'

/**
 * What this process may prepare of things that processes divide among them (eachClaimed) while it has one: of those that nobody has, every n-th where n
 * processes have any. Gives whether a thing is one of them, by its id and its number among all, as claims are now.
 */
export function ownShare(
  folder: string,
  times: ClaimTimes = defaultClaimTimes,
): (id: string, number: number) => boolean {
  const claims = openClaims(claimsFolder(folder), times).list()
  const live = [...claims].filter(([, { isDead }]) => !isDead)
  const taken = new Set(live.map(([id]) => id))
  const own = nameOf(ownIdentity())
  const processes = [...new Set([own, ...live.flatMap(([, { owner }]) => (owner === null ? [] : [nameOf(owner)]))])]
  const place = processes.sort().indexOf(own)
  return (id, number) => !taken.has(id) && number % processes.length === place
}

function nameOf({ token: _, ...process }: ProcessIdentity): string {
  return JSON.stringify(Object.entries(process).sort())
}
