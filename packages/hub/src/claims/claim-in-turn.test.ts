import { utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../../../../tests/fixtures.js'
import { eachInTurn } from './claim-in-turn.js'
import { openClaims } from './claims.js'

it('leaves what fails elsewhere while it waits, and tries what had failed before', async () => {
  const claims = openClaims(temporaryFolder(), { beat: 20, stale: 1000 })
  const others = ['fails', 'stopped'].map((item) => claims.take(item))
  const failures = new Map([
    ['fails', 1],
    ['stopped', 1],
    ['failed', 1],
  ])
  const used: string[] = []
  const left = await eachInTurn(
    claims,
    ['fails', 'stopped', 'failed'],
    {
      nameOf: (item) => item,
      isDone: () => false,
      failures: (item) => failures.get(item)!,
      onWait: () => {
        failures.set('fails', 2)
        for (const other of others) if ('release' in other) other.release()
      },
    },
    async (item) => void used.push(item),
  )
  expect(used).toEqual(['failed', 'stopped'])
  expect(left).toEqual(['fails'])
})

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
