import { truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { registerModel, type SteerableModel } from '@saeval/language-model'
import { hf, hfArguments } from '@saeval/lm-backend-onnx'
import { findSae, openSae } from '@saeval/sae-core'
import { describe, expect, it } from 'vitest'
import { expectClose } from '../../../../tests/expect-close.js'
import { demoFolder, fixtureJson, fixturePath, hfHomeOf, temporaryFolder } from '../../../../tests/fixtures.js'
import { tolerance } from '../../../../tests/tolerances.js'
import { caaVectors, vectorFromSae } from './make-vectors.js'
import { meanDifference } from './mean-difference.js'
import { type ReadText, readPairs } from './read-pairs.js'
import type { ReadPosition } from './read-position.js'

registerModel('hf', hf, { arguments: hfArguments })

interface Golden {
  readonly layer: number
  readonly vector: number[]
  readonly norm: number
  readonly cosine: number
  readonly agreeing: number
}
const golden = fixtureJson('golden/vectors/making.json')

const make = async (path: string, layers: readonly number[], position: ReadPosition) =>
  caaVectors({
    modelArgs: { pretrained: join(demoFolder, 'model') },
    pairs: await readPairs(path),
    source: path,
    layers,
    position,
    device: 'cpu',
    hub: { env: {} },
    onNotice: () => {},
  })

describe('mean differences', () => {
  it.each([
    ['last', 'pairs.csv', [1, 3], -1],
    ['mean', 'pairs.csv', [2], 'mean'],
    ['jsonl', 'pairs.jsonl', [2], -2],
  ] as const)('of %s are those of transformers', async (name, file, layers, position) => {
    const { vectors, file: made } = await make(fixturePath(`golden/vectors/${file}`), layers, position)
    const expected: Golden[] = golden[name]
    expect(vectors).toHaveLength(expected.length)
    vectors.forEach((actual, index) => {
      const { vector, ...numbers } = expected[index]!
      expectClose(actual.vector, Float32Array.from(vector), tolerance.sae, `layer ${numbers.layer}`)
      expect(actual.norm).toBeCloseTo(numbers.norm, 3)
      expect(actual.cosine).toBeCloseTo(numbers.cosine, 4)
      expect(actual).toMatchObject({ layer: numbers.layer, agreeing: numbers.agreeing })
    })
    expect(made.entries.map(({ hookpoint }) => hookpoint)).toEqual(layers.map((layer) => `layers.${layer}`))
    expect(made.modelType).toBe('gemma2')
  })

  it('that would not fit in memory are refused before the first text', async () => {
    const model = {
      hookPoints: ['blocks.0.hook_resid_post'],
      widthOf: () => 4096,
    } as unknown as SteerableModel
    const [positive, negative] = ['a', 'b'].map((answer) => ({ context: '', answer })) as [ReadText, ReadText]
    const pairs = Array.from({ length: 200_000 }, () => ({ positive, negative }))
    await expect(meanDifference(model, { pairs, layers: [0], position: -1 })).rejects.toThrow(
      'differences of 200000 pairs at 1 layers take 3.3 GB, more than 2 GB; choose fewer layers by `layers`',
    )
  })

  it.each([
    ['a.csv', 'positive,negative\nsame,same\n', 'a.csv:2: both texts are the same'],
    ['b.csv', 'positive\nx\n', 'b.csv:2: negative is missing, expected a text'],
    ['c.csv', 'positive,negative\n"x\n', 'c.csv is no CSV'],
    ['d.jsonl', '{"question": "a"}\n', 'd.jsonl:1: answer_matching_behavior is missing, expected a text'],
    ['e.jsonl', '\n', 'e.jsonl has no pairs'],
    ['f.jsonl', '[]\n', 'f.jsonl:1 is not a JSON object'],
  ])('refuse %s', async (name, content, message) => {
    const path = join(temporaryFolder(), name)
    writeFileSync(path, content)
    await expect(readPairs(path)).rejects.toThrow(message)
  })

  it('refuse a file that is too long for a text', async () => {
    const path = join(temporaryFolder(), 'long.jsonl')
    writeFileSync(path, '')
    truncateSync(path, 6e8)
    await expect(readPairs(path)).rejects.toThrow('long.jsonl: it has 600 MB, and such a file has at most 500 MB')
  })
})

describe('decoder rows', () => {
  const sae = findSae(join(demoFolder, 'saes'), 'layer_3')
  it('add up with their weights', async () => {
    const { latents, weights, vector, norm, cosines } = golden.sae
    const made = await vectorFromSae({ sae, latents, weights, hub: { env: {} } })
    const [{ change, hookpoint }] = made.file.entries as [(typeof made.file.entries)[number]]
    expect(hookpoint).toBe('blocks.3.hook_resid_post')
    expectClose((change as { vector: Float32Array }).vector, Float32Array.from(vector), tolerance.sae, 'the sum')
    expect(made.vectors).toHaveLength(1)
    expect(made.vectors[0]).toMatchObject({ hookPoint: hookpoint, norm: expect.closeTo(norm, 4) })
    expect(made.vectors[0]!.rows.map(({ cosine }) => cosine)).toEqual(
      (cosines as number[]).map((value) => expect.closeTo(value, 5)),
    )
  })

  it('of a cross-layer transcoder are summed at each place that it writes to', async () => {
    const hub = { env: { HF_HOME: hfHomeOf('fixture/gpt2'), HF_HUB_OFFLINE: '1' } }
    const crossed = findSae('fixture/clt-gpt2', '1')
    const { file } = await vectorFromSae({ sae: crossed, latents: [2, 3], weights: [1, -0.5], hub })
    expect(file.entries.map(({ hookpoint }) => hookpoint)).toEqual([1, 2, 3].map((at) => `blocks.${at}.hook_mlp_out`))
    const open = await openSae(crossed, hub)
    const rows = [await open.laterLayers[1]!.decoderRow(2), await open.laterLayers[1]!.decoderRow(3)]
    await open.close()
    const expected = rows[0]!.map((value, i) => value - 0.5 * rows[1]![i]!)
    expectClose((file.entries[2]!.change as { vector: Float32Array }).vector, expected, tolerance.sae, 'the last')
  })

  it.each([
    [[1, 2], [1], 'there are 2 latents and 1 weights'],
    [[99999], [1], 'latent 99999 is out of range'],
    [[1, 1], [1, -1], 'add up to a vector of length 0'],
  ])('of latents %j with weights %j are refused', async (latents, weights, message) => {
    await expect(vectorFromSae({ sae, latents, weights, hub: { env: {} } })).rejects.toThrow(message)
  })
})
