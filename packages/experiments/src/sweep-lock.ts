import { randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { InputError } from '@saeval/hub'

/** Locks of this process: another process may have left one with the same number. */
const held = new Set<string>()

/** One is enough unless others come and go at the same time. */
const mostTries = 100

/**
 * Locks a folder with `sweep.lock`, a folder in which a file is named after the owner's process; a dead process's lock is taken over. Gives what
 * unlocks it. Throws InputError where a live process holds it.
 *
 * A lock appears by renaming a folder that already holds its owner, which fails where the lock has an owner and replaces one without. A dead
 * owner's file has a name of its own and can be removed once only, so of several takers one ends up as the owner.
 */
export function lockFolder(folder: string): () => void {
  const lock = join(folder, 'sweep.lock')
  const owner = `${process.pid}-${randomBytes(6).toString('hex')}`
  const own = join(folder, `sweep.lock.${owner}`)
  mkdirSync(own)
  writeFileSync(join(own, owner), '')
  try {
    for (let tries = 0; !take(own, lock); tries++) {
      if (tries === mostTries) throw new InputError(`${lock} cannot be taken over; delete it`)
      for (const other of ownersOf(lock)) removeDead(lock, other)
    }
  } finally {
    rmSync(own, { recursive: true, force: true })
  }
  held.add(owner)
  return () => {
    held.delete(owner)
    rmSync(join(lock, owner), { force: true })
    removeEmpty(lock)
  }
}

function take(own: string, lock: string): boolean {
  try {
    renameSync(own, lock)
    return true
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    // Windows does not replace an empty folder either
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST' && code !== 'EPERM')
      throw new InputError(`${lock} cannot be made (${code}); delete what is there`, { cause })
    removeEmpty(lock)
    return false
  }
}

function ownersOf(lock: string): string[] {
  try {
    return readdirSync(lock)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

function removeDead(lock: string, owner: string): void {
  const pid = Number(owner.split('-')[0])
  if (held.has(owner) || (pid > 0 && pid !== process.pid && isAlive(pid)))
    throw new InputError(`process ${pid} is running a sweep in this folder; wait for it, or delete ${lock}`)
  rmSync(join(lock, owner), { force: true })
}

function removeEmpty(lock: string): void {
  try {
    rmdirSync(lock)
  } catch {
    // it has an owner, or is gone
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
