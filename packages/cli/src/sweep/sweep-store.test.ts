import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../../tests/fixtures.js'
import { openSweepStore } from './sweep-store.js'

const options = (folder: string) => ({
  folder,
  saeval: '1.0.0',
  command: 'saeval sweep',
  fingerprint: 'abc',
  cells: [
    { id: 'coefficient=1', parameters: { coefficient: 1 }, csv: 'latent_idx\n1\n', addsNothing: false },
    { id: 'coefficient=2', parameters: { coefficient: 2 }, csv: 'latent_idx\n2\n', addsNothing: false },
  ],
})

describe('openSweepStore', () => {
  it('knows what is missing, also when it is opened again', async () => {
    const folder = join(temporaryFolder(), 'sweep')
    const store = await openSweepStore(options(folder))
    expect(store.missing().map(({ id }) => id)).toEqual(['baseline', 'coefficient=1', 'coefficient=2'])
    expect(readFileSync(join(store.cellFolder('coefficient=2'), 'steer.csv'), 'utf8')).toBe('latent_idx\n2\n')
    for (const id of ['baseline', 'coefficient=1']) {
      writeFileSync(join(folder, `${id}.json`), '{}')
      await store.finish(id, `${id}.json`)
    }
    await store.close()
    const again = await openSweepStore(options(folder))
    expect(again.missing().map(({ id }) => id)).toEqual(['coefficient=2'])
    await again.close()
    rmSync(join(folder, 'coefficient=1.json'))
    const third = await openSweepStore(options(folder))
    expect(third.missing().map(({ id }) => id)).toEqual(['coefficient=1', 'coefficient=2'])
    await third.close()
    expect(existsSync(join(folder, 'sweep.lock'))).toBe(false)
  })

  it('refuses a folder that cannot be made', async () => {
    const file = join(temporaryFolder(), 'file')
    writeFileSync(file, '')
    for (const folder of [file, join(file, 'sweep'), '/proc/saeval-sweep'])
      await expect(openSweepStore(options(folder))).rejects.toThrow(
        `--output_path ${folder}: cannot write into ${folder}`,
      )
  })

  it('refuses a folder with another sweep, and one that is damaged', async () => {
    const folder = temporaryFolder()
    await (await openSweepStore(options(folder))).close()
    await expect(openSweepStore({ ...options(folder), fingerprint: 'other' })).rejects.toThrow('another sweep')
    writeFileSync(join(folder, 'sweep.json'), '{')
    await expect(openSweepStore(options(folder))).rejects.toThrow('is damaged')
    expect(existsSync(join(folder, 'sweep.lock'))).toBe(false)
  })

  it('refuses a folder that another process works on, and takes over from a dead one', async () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'sweep.lock'), String(process.ppid))
    await expect(openSweepStore(options(folder))).rejects.toThrow(`process ${process.ppid} is running a sweep`)
    // process numbers end at 2^22
    writeFileSync(join(folder, 'sweep.lock'), '4194305')
    await (await openSweepStore(options(folder))).close()
  })
})
