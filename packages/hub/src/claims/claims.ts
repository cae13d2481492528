import { linkSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { writeError } from '../write-error.js'
import { diskTime, writeBytes } from './disk-clock.js'
import { hasEnded, ownIdentity, type ProcessIdentity } from './process-identity.js'

/** How claims are kept. */
export interface ClaimTimes {
  /** Milliseconds between two heartbeats. */
  readonly beat: number
  /** Milliseconds after which a claim without heartbeat is that of a dead owner, by the disk's clock. */
  readonly stale: number
}

/** A heartbeat may be late by a slow disk or a busy host: one that is taken for dead only has its work done twice. */
export const defaultClaimTimes: ClaimTimes = { beat: 5000, stale: 60_000 }

/** A claim that this process has. */
export interface OwnClaim {
  /** Whether it still is: a process that stood still may find that another has taken over. */
  isHeld(): boolean
  /** Lets others have it. */
  release(): void
}

/** Who has an item. */
export interface ClaimState {
  /** null where the file cannot be read. */
  readonly owner: ProcessIdentity | null
  /** Milliseconds since the last heartbeat, by the disk's clock. */
  readonly age: number
  readonly isDead: boolean
}

/** Claims on items, as files in a folder that processes of several hosts may share. */
export interface Claims {
  /** Takes an item that nobody has, or whose owner is dead; gives who has it otherwise. */
  take(item: string): OwnClaim | ClaimState
  /** All items that somebody has. Where this process may only read, the newest heartbeat stands for the disk's clock. */
  list(): Map<string, ClaimState>
}

const suffix = '.claim'

/**
 * Claims in a folder that exists. A claim appears by a second name for a file that already says whose it is, which fails where there is one: on
 * network disks too. Its owner writes to it at every beat, and only the disk's own clock, never a host's, says how old that is. It is taken
 * over where its owner has ended on this host, or has been silent for long. Two processes that have the same item are no harm: they make the
 * same bytes. No locks of the system are used. Throws what `writeError` says.
 */
export function openClaims(folder: string, times: ClaimTimes = defaultClaimTimes): Claims {
  const pathOf = (item: string) => join(folder, `${item}${suffix}`)
  const ownName = (item: string, { token }: ProcessIdentity) => join(folder, `${item}.${token}.tmp`)
  const stateOf = (item: string, now: () => number): ClaimState | null => {
    const path = pathOf(item)
    const written = statSync(path, { throwIfNoEntry: false })?.mtimeMs
    if (written === undefined) return null
    const owner = readOwner(path)
    const age = Math.max(0, now() - written)
    return { owner, age, isDead: age > times.stale || (owner !== null && hasEnded(owner)) }
  }
  return {
    take: (item) => {
      const path = pathOf(item)
      const owner = ownIdentity()
      const own = ownName(item, owner)
      try {
        writeBytes(own, 'wx', text(owner))
        for (let tries = 0; ; tries++) {
          if (linked(own, path)) return hold(path, owner, times)
          const state = stateOf(item, () => diskTime(folder))
          // released meanwhile; one that comes and goes all the time is as good as another's
          if (state === null && tries < mostTries) continue
          if (state === null || !state.isDead || tries >= mostTries)
            return state ?? { owner: null, age: 0, isDead: false }
          removeDead(path, `${own}.dead`, state.owner?.token ?? null)
          // killed between two steps, it has left its first name too
          if (state.owner !== null) rmSync(ownName(item, state.owner), { force: true })
        }
      } catch (cause) {
        throw writeError(`cannot claim ${path}`, cause, folder)
      } finally {
        rmSync(own, { force: true })
      }
    },
    list: () => {
      const names = readdirSync(folder).filter((name) => name.endsWith(suffix))
      let now: number | null = null
      const clock = () => {
        now ??= readableTime(folder, names)
        return now
      }
      return new Map(
        names.flatMap((name): [string, ClaimState][] => {
          const item = name.slice(0, -suffix.length)
          const state = stateOf(item, clock)
          return state === null ? [] : [[item, state]]
        }),
      )
    },
  }
}

/** What the disk's clock says; where nothing can be written, the latest time of these files, which it has passed. */
function readableTime(folder: string, names: readonly string[]): number {
  try {
    return diskTime(folder)
  } catch {
    return Math.max(...names.map((name) => statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? 0))
  }
}

const mostTries = 20

/** What disks say that know no second names. */
const noLinks: readonly unknown[] = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']

/** Gives whether the second name was made; of an answer that a network has lost, the number of names tells. */
function linked(own: string, path: string): boolean {
  try {
    linkSync(own, path)
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (noLinks.includes(code)) return created(path, readFileSync(own, 'utf8'))
    if (code !== 'EEXIST') throw error
    return statSync(own, { throwIfNoEntry: false })?.nlink === 2
  }
}

/** Gives whether there was no such file. Its text comes a moment after it: read meanwhile, it is a claim of nobody known that is not old. */
function created(path: string, content: string): boolean {
  try {
    writeBytes(path, 'wx', content)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/** Takes a dead owner's claim away. Where another process was faster and has it now, it gets it back. */
function removeDead(path: string, aside: string, token: string | null): void {
  try {
    renameSync(path, aside)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  try {
    const taken = readOwner(aside)
    if (taken !== null && taken.token !== token) linked(aside, path)
  } finally {
    rmSync(aside, { force: true })
  }
}

function hold(path: string, owner: ProcessIdentity, { beat }: ClaimTimes): OwnClaim {
  let isReleased = false
  const isHeld = () => !isReleased && readOwner(path)?.token === owner.token
  const timer = setInterval(() => {
    try {
      if (isHeld()) writeBytes(path, 'r+', text(owner))
    } catch {
      // a disk that is away for a while; the next beat may come through
    }
  }, beat)
  timer.unref()
  return {
    isHeld,
    release: () => {
      clearInterval(timer)
      if (isHeld()) rmSync(path, { force: true })
      isReleased = true
    },
  }
}

function text(owner: ProcessIdentity): string {
  return `${JSON.stringify(owner)}\n`
}

/** null for a claim that is gone, or whose text is none. */
function readOwner(path: string): ProcessIdentity | null {
  try {
    const owner = JSON.parse(readFileSync(path, 'utf8')) as Partial<ProcessIdentity> | null
    const isOne = typeof owner?.token === 'string' && typeof owner.pid === 'number' && typeof owner.host === 'string'
    return isOne ? (owner as ProcessIdentity) : null
  } catch {
    return null
  }
}
