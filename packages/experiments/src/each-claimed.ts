import { rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { makeWritableFolder, type Notice, option, sentence } from '@saeval/hub'
import { type Claims, type ClaimTimes, defaultClaimTimes, openClaims } from '@saeval/hub/internal/claims/claims'
import { ownerText } from '@saeval/hub/internal/claims/owner-text'

/** How the things of a list are shared with other processes. */
export interface ClaimedOptions {
  readonly signal?: AbortSignal
  readonly onNotice?: Notice
  readonly times?: ClaimTimes
  /** Ids of things that are taken before others: something is done of them already. None by default. */
  readonly first?: ReadonlySet<string>
}

/**
 * Calls back with each of some things while no other process has it: those that others have come last, when they are done with them, or dead. Whoever
 * is called looks whether there is anything left to do. Claims stand in the folder `claims` of `folder`, which is removed when it is empty.
 */
export async function eachClaimed<Thing extends { readonly id: string }>(
  folder: string,
  things: readonly Thing[],
  { signal, onNotice = () => {}, times = defaultClaimTimes, first = new Set() }: ClaimedOptions,
  use: (thing: Thing) => Promise<void>,
): Promise<void> {
  const place = claimsFolder(folder)
  let isSaid = false
  for (let left = things; left.length > 0; ) {
    const elsewhere: Thing[] = []
    const queue = [...left]
    while (queue.length > 0) {
      const [thing] = queue.splice(
        Math.max(0, first.size === 0 ? 0 : queue.findIndex(({ id }) => first.has(id))),
        1,
      ) as [Thing]
      signal?.throwIfAborted()
      const claim = takeIn(folder, place, thing.id, times)
      if ('release' in claim) await use(thing).finally(claim.release)
      else {
        if (!isSaid) onNotice(`${ownerText(claim)} works on this folder too; each part is done by one`)
        isSaid = true
        elsewhere.push(thing)
      }
    }
    left = elsewhere
    if (left.length > 0) await wait(times.beat / 5, null, signal ? { signal } : {})
  }
  try {
    rmdirSync(place)
  } catch {
    // others have claims there, or nothing was claimed
  }
}

/** Where the claims on things that are done in a folder stand. */
export function claimsFolder(folder: string): string {
  return join(folder, 'claims')
}

/** Another process removes the folder as it ends, perhaps between the moment that it is made here and the one that the claim is written. */
const mostTries = 20

function takeIn(folder: string, place: string, id: string, times: ClaimTimes): ReturnType<Claims['take']> {
  for (let tries = 1; ; tries++) {
    try {
      makeWritableFolder(sentence`${option('output_path')} ${folder}`, place)
      return openClaims(place, times).take(id)
    } catch (error) {
      const cause = error instanceof Error ? (error.cause as NodeJS.ErrnoException | undefined) : undefined
      if (cause?.code !== 'ENOENT' || tries === mostTries) throw error
    }
  }
}
