import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { seededUniform } from '@saeval/hub/internal/seeded-uniform'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../../../../tests/fixtures.js'
import { openStore, removeStore, storeKey } from './store.js'

const key = (index: number) => storeKey([index])
const keys = (count: number) => Array.from({ length: count }, (_, index) => key(index))
const value = (index: number) => [
  [String(-index / 3), index % 2 === 0],
  [0, index],
]
const entries = (from: number, to: number) =>
  keys(to)
    .map((key, index) => [key, value(index)] as const)
    .slice(from)

/** A store's folder with `count` values, put a hundred at a time. */
async function filled(count: number, folder = temporaryFolder()): Promise<string> {
  const store = openStore(folder, 'useCache')
  for (let from = 0; from < count; from += 100) await store.put(entries(from, Math.min(count, from + 100)))
  await store.close()
  return folder
}

/** Opens a folder, and gives what is there of the first `count` values and what was said. */
async function opened(folder: string, count: number) {
  const lines: string[] = []
  const store = openStore(folder, 'useCache', (line) => lines.push(String(line)))
  const found = store.look(keys(count))
  await store.close()
  for (const [index, key] of keys(count).entries()) if (found.has(key)) expect(found.get(key)).toEqual(value(index))
  return { found: found.size, lines }
}

const onlyFile = (folder: string) => join(folder, readdirSync(folder)[0]!)

it('gives back what was put, in this process and the next, the last value of a key', async () => {
  const folder = temporaryFolder()
  const store = openStore(folder, 'useCache')
  const values = new Map<string, unknown>([
    [key(1), 'text\ud800 "\n'],
    [key(2), ['-0', true]],
    [key(3), null],
    [key(4), Array.from({ length: 5000 }, (_, index) => `a long prompt ${index % 7}`)],
  ])
  expect(store.look([...values.keys()]).size).toBe(0)
  await store.put([...values, [key(1), 'other']].slice(0, 4) as [string, unknown][])
  await store.put([[key(2), 'new']])
  values.set(key(2), 'new')
  expect(store.look([...values.keys(), key(9)])).toEqual(values)
  await store.close()
  // long values are deflated
  expect(readFileSync(onlyFile(folder)).length).toBeLessThan(10_000)
  const again = openStore(folder, 'useCache')
  expect(again.look([...values.keys()])).toEqual(values)
  await again.put([[key(3), 3]])
  await again.close()
  expect(
    openStore(folder, 'useCache')
      .look([key(3)])
      .get(key(3)),
  ).toBe(3)
})

it('finds every cut and every changed byte, and gives all that is whole', async () => {
  const whole = await filled(500)
  const bytes = readFileSync(onlyFile(whole))
  const uniform = seededUniform(1)
  const at = () => Math.floor(uniform() * bytes.length)
  const damage: [name: string, change: (bytes: Buffer) => Buffer, least: number][] = [
    ...Array.from({ length: 12 }, () => {
      const place = at()
      const flip = (copy: Buffer) => {
        copy[place]! ^= 1 << (place % 8)
        return copy
      }
      return [`a bit of byte ${place}`, flip, 400] as [string, typeof flip, number]
    }),
    ...Array.from({ length: 12 }, () => {
      const end = at()
      return [`cut at ${end}`, (copy: Buffer) => copy.subarray(0, end), 0] as [string, (copy: Buffer) => Buffer, number]
    }),
    ['zeros in the middle', (copy) => copy.fill(0, 9000, 12_000), 200],
    ['a hole', (copy) => Buffer.concat([copy.subarray(0, 9000), copy.subarray(9100)]), 300],
    [
      'more in between',
      (copy) => Buffer.concat([copy.subarray(0, 9000), copy.subarray(0, 77), copy.subarray(9000)]),
      400,
    ],
    ['zeros at the end', (copy) => Buffer.concat([copy, Buffer.alloc(5000)]), 500],
    ['no store', () => Buffer.from('notes'), 0],
  ]
  for (const [name, change, least] of damage) {
    const folder = temporaryFolder()
    const changed = change(Buffer.from(bytes))
    writeFileSync(join(folder, readdirSync(whole)[0]!), changed)
    const { found, lines } = await opened(folder, 500)
    const isCut = changed.length < bytes.length && bytes.subarray(0, changed.length).equals(changed)
    expect([name, found % 100, found >= (isCut ? Math.floor(found / 100) * 100 : least)]).toEqual([name, 0, true])
    const isWhole = found === 500 && changed.length === bytes.length
    // a file that ends between two frames is a whole one
    const isSilent = isWhole || (isCut && lines.length === 0)
    if (!isSilent)
      expect(lines).toEqual([
        expect.stringMatching(/^`useCache` .*: damaged in \d+ places?; what was kept there is computed again$/),
      ])
    // whoever writes puts it in order, and nothing is said again
    const store = openStore(folder, 'useCache')
    await store.put(entries(0, 500))
    expect(store.look(keys(500)).size).toBe(500)
    await store.close()
    expect(await opened(folder, 500)).toEqual({ found: 500, lines: [] })
  }
})

it('takes empty files, and leaves others in the folder alone', async () => {
  const folder = await filled(10)
  const begun = readdirSync(folder)[0]!
  writeFileSync(join(folder, begun.replace(/-.*/, '-000000000000.kept')), '')
  writeFileSync(join(folder, 'notes.txt'), 'mine')
  mkdirSync(join(folder, begun.replace(/-.*/, '-000000000001.kept')))
  expect(await opened(folder, 10)).toEqual({ found: 10, lines: [] })
  removeStore(folder)
  expect(readdirSync(folder).sort()).toEqual([begun.replace(/-.*/, '-000000000001.kept'), 'notes.txt'])
})

it('sees what others put meanwhile, and loses nothing when files are merged under it', async () => {
  const folder = temporaryFolder()
  const [one, two] = [openStore(folder, 'useCache'), openStore(folder, 'useCache')]
  await one.put(entries(0, 100))
  const [begun] = readdirSync(folder)
  await two.put(entries(100, 200))
  expect(one.look(keys(200)).size).toBe(200)
  // a third sees half of what the first one writes at this moment, and takes it for damage
  appendFileSync(join(folder, begun!), readFileSync(join(folder, begun!)).subarray(0, 50))
  const three = openStore(folder, 'useCache')
  await three.put(entries(200, 300))
  expect(readdirSync(folder)).not.toContain(begun)
  await one.put(entries(300, 400))
  await two.put(entries(400, 500))
  for (const store of [one, two, three]) {
    expect(store.look(keys(500)).size).toBe(500)
    await store.close()
  }
  expect(await opened(folder, 500)).toEqual({ found: 500, lines: [] })
})

it('merges many files that nobody writes to any more', async () => {
  const folder = temporaryFolder()
  for (let file = 0; file < 7; file++) {
    const store = openStore(folder, 'useCache')
    await store.put(entries(file, file + 1))
    await store.close()
  }
  for (const [file, name] of readdirSync(folder).entries())
    for (let copy = 0; copy < 9; copy++)
      copyFileSync(join(folder, name), join(folder, name.replace(/-.*/, `-0000000000${file}${copy}.kept`)))
  expect(readdirSync(folder)).toHaveLength(70)
  const old = Date.now() / 1000 - 7200
  for (const name of readdirSync(folder).slice(0, 60)) utimesSync(join(folder, name), old, old)
  const store = openStore(folder, 'useCache')
  await store.put(entries(7, 8))
  expect(store.look(keys(8)).size).toBe(8)
  await store.close()
  expect(readdirSync(folder)).toHaveLength(12)
  expect(await opened(folder, 8)).toEqual({ found: 8, lines: [] })
})

it('stores all or nothing, and says where it cannot', async () => {
  const folder = temporaryFolder()
  const store = openStore(folder, 'useCache')
  const failing = store.put([
    [key(1), 'a'],
    [key(2), 10n],
  ])
  await expect(failing).rejects.toThrow(/^`useCache` .* cannot be written/)
  expect(store.look([key(1)]).size).toBe(0)
  await store.put(entries(0, 5))
  rmSync(folder, { recursive: true })
  await expect(store.put(entries(5, 9))).rejects.toThrow(
    `\`useCache\` ${folder}: cannot be written: the folder ${folder} is not there (any more)`,
  )
  await store.close()
})

it('refuses the caches of earlier versions, and removes them where it is asked to', () => {
  const folder = temporaryFolder()
  for (const name of ['data.mdb', 'lock.mdb']) writeFileSync(join(folder, name), 'LMDB')
  copyFileSync(join(folder, 'data.mdb'), join(folder, 'mine'))
  expect(() => openStore(folder, 'useCache')).toThrow(
    `\`useCache\` ${folder} holds the cache of an earlier version of saeval (data.mdb), which is no longer read; name another folder, or delete data.mdb and lock.mdb there`,
  )
  removeStore(folder)
  expect(readdirSync(folder)).toEqual(['mine'])
  removeStore(join(folder, 'none'))
})

it('does not take files, lm_eval caches among them', () => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'c_rank0.db'), 'SQLite format 3\0')
  expect(() => openStore(join(folder, 'c'), 'useCache')).toThrow(/c_rank0\.db is a cache of lm_eval/)
  writeFileSync(join(folder, 'f'), 'x')
  expect(() => openStore(join(folder, 'f'), 'useCache')).toThrow(/f is a file/)
  expect(() => openStore('/proc/saeval-cache', 'useCache')).toThrow(/no cache can be opened there/)
})
