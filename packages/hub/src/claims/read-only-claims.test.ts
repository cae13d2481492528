import { utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, vi } from 'vitest'
import { temporaryFolder } from '../../../../tests/fixtures.js'
import { openClaims } from './claims.js'
import { ownIdentity } from './process-identity.js'

vi.mock('./disk-clock.js', () => ({
  diskTime: () => {
    throw Object.assign(new Error('read-only file system'), { code: 'EROFS' })
  },
}))

it('lists claims where it may only read, by the newest heartbeat', () => {
  const folder = temporaryFolder()
  const claim = (item: string, seconds: number, change: object) => {
    writeFileSync(join(folder, `${item}.claim`), JSON.stringify({ ...ownIdentity(), ...change }))
    utimesSync(join(folder, `${item}.claim`), seconds, seconds)
  }
  claim('silent', 1000, { host: 'elsewhere' })
  claim('beating', 1100, { host: 'elsewhere' })
  claim('ended', 1100, { pid: 2 ** 22 + 1 })
  const dead = [...openClaims(folder).list()].map(([item, { isDead }]) => [item, isDead])
  expect(Object.fromEntries(dead)).toEqual({ silent: true, beating: false, ended: true })
})
