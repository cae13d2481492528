import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { InputError } from '@saeval/hub'
import { describe, expect, it } from 'vitest'
import { fixturePath, temporaryFolder } from '../../../../tests/fixtures.js'
import { readVectors } from './vector-formats.js'
import { type TorchValue, torchBytes } from './write/torch-bytes.js'

const folder = temporaryFolder()
const golden = (name: string) => fixturePath(`golden/vectors/${name}`)
const config = JSON.parse(readFileSync(golden('reft-direft/config.json'), 'utf8'))
const [key] = config.sorted_keys

async function refusal(path: string): Promise<unknown> {
  const options = { baseName: null, allowOtherModel: true, layers: null, hub: { env: {} } }
  const refused = await readVectors(path, options).then(
    () => null,
    (error: unknown) => error,
  )
  return InputError.isInstance(refused) ? refused.message : refused
}

/** A folder of pyreft with one intervention. */
function reft(kind: string, state: Readonly<Record<string, TorchValue>>, more: object = {}): string {
  const path = join(folder, 'reft')
  mkdirSync(path, { recursive: true })
  const types = [`<class 'pyreft.interventions.${kind}Intervention'>`]
  writeFileSync(join(path, 'config.json'), JSON.stringify({ ...config, intervention_types: types, ...more }))
  writeFileSync(join(path, `intkey_${key}.bin`), torchBytes(new Map(Object.entries(state))))
  return path
}

const tensor = (shape: readonly number[], of: (at: number) => number = () => 1): TorchValue => ({
  shape,
  values: Float32Array.from({ length: shape.reduce((product, size) => product * size, 1) }, (_, at) => of(at)),
})
const rotation = 'rotate_layer.parametrizations.weight'

describe('damaged interventions of pyreft', () => {
  it.each<[string, string, Readonly<Record<string, TorchValue>>, object, string]>([
    [
      'a number',
      'Bias',
      { bias: tensor([4], (at) => (at === 2 ? Number.NaN : 1)) },
      {},
      'bias holds NaN, its number 2',
    ],
    [
      'another tensor',
      'Bias',
      { bias: tensor([4]), x: tensor([4]) },
      {},
      'it holds "x", which a BiasIntervention does not',
    ],
    ['no tensor', 'Bias', { bias: 'x' }, {}, 'it has no tensor bias'],
    ['no learned source', 'Direft', { rotate_layer: tensor([4, 2]) }, {}, 'it has no tensor weight'],
    [
      'a base',
      'Lobireft',
      { learned_source: tensor([2]), [`${rotation}.original`]: tensor([4, 2]), [`${rotation}.0.base`]: tensor([3, 3]) },
      {},
      'the rotation is stored with shape [4,2] and base [3,3]',
    ],
    [
      'a square rotation',
      'Consreft',
      { learned_source: tensor([4]), [`${rotation}.original`]: tensor([4, 4]), [`${rotation}.0.base`]: tensor([4, 4]) },
      {},
      'expected [d, rank] with a rank below d',
    ],
    [
      'ranks',
      'Lobireft',
      { learned_source: tensor([5]), rotate_layer: tensor([4, 2]) },
      {},
      'the learned source 5 numbers',
    ],
    [
      'widths',
      'Direft',
      { weight: tensor([2, 3]), bias: tensor([2]), rotate_layer: tensor([4, 2]) },
      {},
      'what is read has shape [2,3] and what is written [2,4]',
    ],
    [
      'a part',
      'Addition',
      { source_representation: tensor([4]) },
      { intervention_dimensions: [3] },
      'only the first 3 of 4',
    ],
    [
      'a second text',
      'Addition',
      {},
      { intervention_constant_sources: [false] },
      '"AdditionIntervention", which takes its values from a second text',
    ],
    [
      'a file twice',
      'Bias',
      { bias: tensor([4]) },
      {
        sorted_keys: [key, key],
        representations: [0, 1].map((layer) => [layer, 'block_output', 'pos', 1]),
        intervention_types: ['BiasIntervention', 'BiasIntervention'],
      },
      'sorted_keys names "layer_1_comp_block_output_unit_pos_nunit_1#0" twice',
    ],
    ['zeros', 'Zero', {}, { intervention_dimensions: [2 ** 40] }, 'intervention_dimensions says 1099511627776'],
    ['noise', 'Noise', {}, {}, '"NoiseIntervention", which adds noise'],
    ['a kind', '__proto__', {}, {}, '"__proto__Intervention", which cannot be read; LoreftIntervention, '],
  ])('with %s of %s are errors', async (_, kind, state, more, message) => {
    expect(await refusal(reft(kind, state, more))).toContain(message)
  })
})

describe('damaged vectors', () => {
  it('of more numbers than anybody needs are refused before they unfold', async () => {
    const lens = JSON.parse(readFileSync(golden('lens-match.json'), 'utf8'))
    lens.activations.shape = [2, 1e8]
    const path = join(folder, 'lens.json')
    writeFileSync(path, JSON.stringify(lens))
    expect(await refusal(path)).toContain('activations has shape [2,100000000], 800 MB of numbers, and at most 500 MB')
  })

  it('of layers are named by layer and place', async () => {
    const lens = JSON.parse(readFileSync(golden('lens-positions.json'), 'utf8'))
    const bytes = Buffer.from(lens.activations.data, 'base64')
    bytes.writeFloatLE(Number.POSITIVE_INFINITY, 4 * (128 + 7))
    lens.activations.data = bytes.toString('base64')
    const path = join(folder, 'lens.json')
    writeFileSync(path, JSON.stringify(lens))
    expect(await refusal(path)).toContain('activations of layer 2, position 3 holds Infinity, its number 7')
  })

  it('of EasySteer that mean nothing are refused', async () => {
    const spec = (name: string) => JSON.parse(readFileSync(golden(name), 'utf8'))
    cpSync(golden('concept'), join(folder, 'concept'), { recursive: true })
    const refused = async (name: string, change: (vector: ReturnType<typeof JSON.parse>) => void) => {
      const read = spec(name)
      change(read.vectors[0])
      writeFileSync(join(folder, 'spec.json'), JSON.stringify(read))
      return refusal(join(folder, 'spec.json'))
    }
    const lmSteer = 'low-rank-lm-steer.json'
    expect(await refused(lmSteer, (vector) => Object.assign(vector, { normalize: true }))).toContain(
      'normalize has no effect',
    )
    expect(await refused(lmSteer, (vector) => Object.assign(vector, { layers: null }))).toContain('layers is missing')
    expect(await refused(lmSteer, ({ data }) => Object.assign(data.tensors.projector2, { shape: [3, 128] }))).toContain(
      'what is read has shape [3,128] and what is written [128,3]',
    )
    const concept = 'low-rank-folder.json'
    expect(await refused(concept, (vector) => Object.assign(vector, { scale: 2 }))).toContain('scale has no effect')
    expect(await refused(concept, (vector) => Object.assign(vector, { source: 'reft' }))).toContain('has 0 files of h1')
    const pair = 'low-rank-concept.json'
    expect(await refused(pair, ({ data }) => delete data.tensors['h2.layer.1'])).toContain('no tensor h2.layer.1')
  })
})
