import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ownIdentity } from '@saeval/hub/internal/claims/process-identity'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../../../tests/fixtures.js'
import { ownShare } from './own-share.js'

const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i']
const shareOf = (folder: string) => ids.filter((id, number) => ownShare(folder)(id, number))

it('is what nobody has, divided among the processes that have something', () => {
  const folder = temporaryFolder()
  mkdirSync(join(folder, 'claims'))
  const claim = (id: string, owner: object) =>
    writeFileSync(join(folder, 'claims', `${id}.claim`), JSON.stringify({ ...ownIdentity(), ...owner }))
  claim('a', {})
  expect(shareOf(folder)).toEqual(ids.slice(1))
  // of this host, but no process any more
  claim('b', { pid: 2 ** 30, started: '' })
  expect(shareOf(folder)).toEqual(ids.slice(1))
  claim('c', { host: 'first', pid: 1 })
  claim('d', { host: 'first', pid: 1 })
  const half = shareOf(folder)
  expect(half.map((id) => ids.indexOf(id) % 2)).toEqual(half.map(() => ids.indexOf(half[0]!) % 2))
  expect(half).not.toContain('c')
  expect(half.length).toBeGreaterThan(1)
  claim('e', { host: 'first', pid: 2 })
  expect(new Set(shareOf(folder).map((id) => ids.indexOf(id) % 3)).size).toBe(1)
})
