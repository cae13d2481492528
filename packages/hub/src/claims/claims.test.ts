import { readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../../tests/fixtures.js'
import { type ClaimState, type OwnClaim, openClaims } from './claims.js'
import { ownIdentity } from './process-identity.js'

const isOwn = (claim: OwnClaim | ClaimState): claim is OwnClaim => 'release' in claim
const take = (folder: string, item = 'one') => openClaims(folder, { beat: 20, stale: 1000 }).take(item)

/** A claim of a process of another host, whose last heartbeat is so many milliseconds old. */
function foreignClaim(folder: string, age: number, pid = process.pid) {
  const path = join(folder, 'one.claim')
  writeFileSync(path, JSON.stringify({ ...ownIdentity(), host: 'elsewhere', boot: 'b', pid }))
  const then = (Date.now() - age) / 1000
  utimesSync(path, then, then)
  return path
}

describe('claims', () => {
  it('belong to one at a time', () => {
    const folder = temporaryFolder()
    const first = take(folder)
    expect(isOwn(first) && first.isHeld()).toBe(true)
    const second = take(folder)
    expect(second).toMatchObject({ isDead: false, owner: { pid: process.pid } })
    expect(isOwn(take(folder, 'two'))).toBe(true)
    if (isOwn(first)) first.release()
    expect(isOwn(take(folder))).toBe(true)
    expect(readdirSync(folder).sort()).toEqual(['one.claim', 'two.claim'])
  })

  it('of another host hold while their heart beats, whatever that process id is here', () => {
    const folder = temporaryFolder()
    // no process here has this id
    foreignClaim(folder, 0, 2 ** 22 + 1)
    expect(take(folder)).toMatchObject({ isDead: false, owner: { host: 'elsewhere' } })
  })

  it('of another host are taken over when their heart has stopped, and the other one sees it', () => {
    const folder = temporaryFolder()
    const path = foreignClaim(folder, 5000)
    const taken = take(folder)
    expect(isOwn(taken) && taken.isHeld()).toBe(true)
    expect(readFileSync(path, 'utf8')).not.toContain('elsewhere')
    // a stalled owner that wakes up writes nothing into it
    foreignClaim(folder, 0)
    expect(isOwn(taken) && taken.isHeld()).toBe(false)
    if (isOwn(taken)) taken.release()
    expect(readFileSync(path, 'utf8')).toContain('elsewhere')
  })

  it('of a process that has ended on this host are free at once, also where its id is given again', () => {
    const folder = temporaryFolder()
    const path = join(folder, 'one.claim')
    for (const change of [{ pid: 2 ** 22 + 1 }, { started: '1' }]) {
      const dead = { ...ownIdentity(), ...change }
      writeFileSync(path, JSON.stringify(dead))
      // killed before it could take its first name away
      writeFileSync(join(folder, `one.${dead.token}.tmp`), '')
      const taken = take(folder)
      expect(isOwn(taken)).toBe(true)
      expect(readdirSync(folder)).toEqual(['one.claim'])
      if (isOwn(taken)) taken.release()
    }
    // in another namespace of process ids nothing is known
    writeFileSync(path, JSON.stringify({ ...ownIdentity(), pid: 2 ** 22 + 1, namespace: 'pid:[1]' }))
    expect(take(folder)).toMatchObject({ isDead: false })
  })

  it('stay while the owner works, and are judged by the disk, not by the clock of a host', async () => {
    const folder = temporaryFolder()
    const times = { beat: 20, stale: 300 }
    const claim = openClaims(folder, times).take('one')
    const { now } = Date
    Date.now = () => now() + 600_000
    try {
      for (let round = 0; round < 6; round++) {
        await wait(100)
        expect(openClaims(folder, times).list().get('one')).toMatchObject({ isDead: false })
      }
    } finally {
      Date.now = now
    }
    expect(isOwn(claim) && claim.isHeld()).toBe(true)
    if (isOwn(claim)) claim.release()
  })

  it('that are damaged are free when they are old', () => {
    const folder = temporaryFolder()
    const path = foreignClaim(folder, 0)
    writeFileSync(path, '{"host":')
    expect(take(folder)).toMatchObject({ owner: null, isDead: false })
    utimesSync(path, 1, 1)
    expect(isOwn(take(folder))).toBe(true)
  })
})
