import { utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../../../../tests/fixtures.js'
import { eachInTurn } from './claim-in-turn.js'
import { openClaims } from './claims.js'

it('does what is free first, and then what others let go of, leave done, or die with', async () => {
  const folder = temporaryFolder()
  const claims = openClaims(folder, { beat: 20, stale: 1000 })
  const path = join(folder, 'dead.claim')
  writeFileSync(path, JSON.stringify({ host: 'elsewhere', boot: 'b', namespace: '', pid: 1, started: '', token: 't' }))
  const others = ['released', 'done'].map((item) => claims.take(item))
  const finished = new Set(['before'])
  const used: string[] = []
  const waited: unknown[] = []
  await eachInTurn(
    claims,
    ['before', 'dead', 'released', 'done', 'free'],
    {
      nameOf: (item) => item,
      isDone: (item) => finished.has(item),
      onWait: (left, first, { owner }) => {
        waited.push([left, first, owner?.host])
        finished.add('done')
        for (const other of others) if ('release' in other) other.release()
        utimesSync(path, 1, 1)
      },
    },
    async (item) => void used.push(item),
  )
  expect(used).toEqual(['free', 'dead', 'released'])
  expect(waited).toEqual([[3, 'dead', 'elsewhere']])
  expect([...claims.list()]).toEqual([])
})
