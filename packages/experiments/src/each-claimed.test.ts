import { existsSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, vi } from 'vitest'
import { temporaryFolder } from '../../../tests/fixtures.js'
import { eachClaimed } from './each-claimed.js'

const removals = vi.hoisted(() => ({ left: 0 }))
vi.mock(import('@saeval/hub'), async (original) => {
  const hub = await original()
  return {
    ...hub,
    // as another process that ends at this moment
    makeWritableFolder: (name, folder) => {
      hub.makeWritableFolder(name, folder)
      if (removals.left > 0) rmdirSync(folder)
      removals.left--
    },
  }
})

it('does not mind that another process removes the folder of claims before one is taken', async () => {
  const folder = temporaryFolder()
  const done: string[] = []
  const use = async ({ id }: { readonly id: string }) => void done.push(id)
  removals.left = 3
  await eachClaimed(folder, [{ id: 'a' }, { id: 'b' }], {}, use)
  expect([done, removals.left]).toEqual([['a', 'b'], -2])
  expect(existsSync(join(folder, 'claims'))).toBe(false)
  removals.left = 1000
  await expect(eachClaimed(folder, [{ id: 'c' }], {}, use)).rejects.toThrow('cannot claim')
})

it('takes first what is begun, also what is begun meanwhile', async () => {
  removals.left = 0
  const done: string[] = []
  const first = new Set(['c'])
  const things = ['a', 'b', 'c', 'd', 'e'].map((id) => ({ id }))
  await eachClaimed(temporaryFolder(), things, { first }, async ({ id }) => {
    done.push(id)
    if (id === 'a') first.add('e')
  })
  expect(done).toEqual(['c', 'a', 'e', 'b', 'd'])
})
