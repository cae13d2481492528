import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../../tests/fixtures.js'
import { type FakeFile, type FakeHub, startFakeHub, type VirtualFile } from '../../../hub/src/fake-hub.testing.js'
import { findSae, lowerEdits, openSae } from '../index.js'
import {
  type Case,
  cases,
  gemmaParameters,
  latent,
  matrix,
  nativeConfig,
  row,
  trainer,
  vector,
  withRow,
} from './saes-of-formats.testing.js'
import { byteLength, madeSafetensors, madeTorch } from './weights.testing.js'

let hub: FakeHub | null = null
afterEach(() => hub?.close())

const asFile = (content: VirtualFile | object | string): FakeFile =>
  typeof content === 'string'
    ? Buffer.from(content)
    : 'subarray' in content
      ? (content as VirtualFile)
      : Buffer.from(JSON.stringify(content))

async function openOnHub(release: string, id: string, files: Case['files']) {
  const reference = findSae(release, id)
  const name = (reference.place as { repository: string }).repository
  hub = await startFakeHub(name, Object.fromEntries(Object.entries(files).map(([path, file]) => [path, asFile(file)])))
  return openSae(reference, { env: { HF_HOME: temporaryFolder(), HF_ENDPOINT: hub.endpoint } })
}

describe('add reads one decoder row over HTTP', () => {
  const documented = readFileSync(fileURLToPath(new URL('../../../../docs/sae-formats.md', import.meta.url)), 'utf8')
    .replaceAll(/ +/g, ' ')
    .split('\n')

  it.each(cases)('of $format', async ({ format, release, id, files, dOut }) => {
    const sae = await openOnHub(release, id, files)
    const [edit] = await lowerEdits([{ sae, action: 'add', latent, coefficient: 2 }])
    const expected = row(dOut).map((value) => 2 * value)
    const addend = edit!.stages[0]!.addend!
    // the sixteen-bit rows are cut to eight bits of fraction
    addend.forEach((value, index) => {
      expect(Math.abs(value - expected[index]!)).toBeLessThan(2 ** -6)
    })
    const sent = hub!.sent()
    expect(sent).toBeLessThan(100_000)
    // nothing more is read for the row again
    await lowerEdits([{ sae, action: 'add', latent, coefficient: 3 }])
    expect(hub!.sent()).toBe(sent)
    const size = Object.values(files).reduce<number>((sum, file) => sum + asFile(file).length, 0)
    const start = `| ${format} | ${release} ${id} |`
    expect(documented.find((line) => line.startsWith(start))).toBe(
      `${start} ${Math.round(size / 1e6)} MB | ${Math.ceil(sent / 1000)} kB |`,
    )
    await sae.close()
  })
})

describe('strided rows and columns over HTTP', () => {
  it('are read from the whole file, which goes to the cache once', async () => {
    const [dIn, dSae] = [512, 4096]
    const weights = madeTorch({
      bias: vector(dIn),
      'encoder.weight': withRow('F32', dSae, dIn, 7),
      'encoder.bias': vector(dSae),
      'decoder.weight': withRow('F32', dIn, dSae, 3),
    })
    const path = 'pythia70m_sweep_standard_ctx128_0712/resid_post_layer_4/trainer_0'
    const sae = await openOnHub(
      'sae_bench_pythia70m_sweep_standard_ctx128_0712',
      'blocks.4.hook_resid_post__trainer_0',
      {
        [`${path}/config.json`]: { trainer: { ...trainer, dict_class: 'AutoEncoder' } },
        [`${path}/ae.pt`]: weights,
      },
    )
    expect(hub!.sent()).toBeLessThan(50_000)
    expect((await sae.encoderColumns([7]))[0]).toEqual(row(dIn))
    expect(hub!.sent()).toBeLessThan(60_000)
    const decoderRow = await sae.decoderRow(6)
    expect(decoderRow[3]).toBe(row(dSae)[6])
    expect(decoderRow.filter((value) => value !== 0)).toHaveLength(1)
    expect(hub!.sent()).toBeGreaterThan(weights.length)
    const sent = hub!.sent()
    await sae.decoderRow(8)
    await sae.load()
    expect(hub!.sent()).toBe(sent)
    await sae.close()
  })

  it('are read one by one from a file that is far larger than they are', async () => {
    const sae = await openOnHub('someone/saes', 'wide', {
      'wide/cfg.json': { ...nativeConfig, d_in: 8, d_sae: 2 ** 23 },
      'wide/sae_weights.safetensors': madeSafetensors({
        W_enc: { ...matrix(8, 2 ** 23), data: { at: 4 * (5 * 2 ** 23 + 77), bytes: Buffer.from(row(1).buffer) } },
        W_dec: matrix(2 ** 23, 8),
        b_enc: vector(2 ** 23),
        b_dec: vector(8),
      }),
    })
    const [column] = await sae.encoderColumns([77])
    expect([...column!]).toEqual([0, 0, 0, 0, 0, row(1)[0], 0, 0])
    expect(hub!.sent()).toBeLessThan(50_000)
    await sae.close()
  })
})

it('made-up arrays have the sizes of real ones', () => {
  expect(gemmaParameters(2304, 16384).length).toBeCloseTo(302.1e6, -5)
  expect(byteLength(matrix(2, 3, 'BF16'))).toBe(12)
})
