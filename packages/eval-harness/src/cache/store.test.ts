import { copyFileSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../../../../tests/fixtures.js'
import { openStore } from './store.js'

const key = (index: number) => String(index).padEnd(64, 'k')

it('refuses a damaged file in a sentence, and takes an empty one', async () => {
  const whole = temporaryFolder()
  const store = openStore(whole, 'useCache')
  for (let from = 0; from < 10_000; from += 1000)
    await store.put(
      Array.from({ length: 1000 }, (_, index) => [key(from + index), [String(-index / 3), true]] as const),
    )
  await store.close()
  const bytes = readFileSync(join(whole, 'data.mdb'))
  const otherVersion = Buffer.from(bytes)
  otherVersion.writeUInt32LE(1, 28)

  const opened = (content: Uint8Array | null) => {
    const folder = temporaryFolder()
    const file = join(folder, 'data.mdb')
    if (content !== null) writeFileSync(file, content)
    else {
      copyFileSync(join(whole, 'data.mdb'), file)
      truncateSync(file, bytes.length / 2)
    }
    return openStore(folder, 'useCache')
  }
  for (const content of [null, Buffer.from('notes'), Buffer.alloc(100_000), otherVersion])
    expect(() => opened(content)).toThrow(
      /^`useCache` .*: no cache can be opened there: its data\.mdb is damaged, or no cache of this version; delete it/,
    )
  const copy = opened(bytes)
  expect(copy.get(key(9_999))).toEqual(['-333', true])
  await copy.close()
  const empty = opened(new Uint8Array())
  expect(empty.get(key(9_999))).toBeUndefined()
  await empty.close()
  const folder = temporaryFolder()
  mkdirSync(join(folder, 'data.mdb'))
  expect(() => openStore(folder, 'useCache')).toThrow(/no cache can be opened there/)
})

it('stores all or nothing, and says where it cannot', async () => {
  const store = openStore(temporaryFolder(), 'useCache')
  const unstorable = () => {}
  await expect(
    store.put([
      [key(1), 'a'],
      [key(2), { toJSON: unstorable, [Symbol.iterator]: unstorable, n: 10n ** 40n }],
    ]),
  ).rejects.toThrow(/^`useCache` .* cannot be written/)
  expect(store.get(key(1))).toBeUndefined()
  await store.close()
})
