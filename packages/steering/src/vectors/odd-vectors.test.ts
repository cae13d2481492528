import { copyFileSync, cpSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { InputError } from '@saeval/hub'
import { describe, expect, it } from 'vitest'
import { fixturePath, temporaryFolder } from '../../../../tests/fixtures.js'
import { inLayers, layersArgument } from './layer-place.js'
import { strengthened } from './strengthened.js'
import { readVectors } from './vector-formats.js'
import { convertVectors } from './write/write-vectors.js'

const folder = temporaryFolder()
const golden = (name: string) => fixturePath(`golden/vectors/${name}`)
copyFileSync(golden('half.gguf'), join(folder, 'half.gguf'))

const asAsked = { baseName: null, allowOtherModel: true, hub: { env: {} } }
const read = (path: string, layers: readonly number[] | null = null) => readVectors(path, { ...asAsked, layers })

function written(name: string, content: string | Uint8Array | object): string {
  const path = join(folder, name)
  writeFileSync(path, typeof content === 'string' || content instanceof Uint8Array ? content : JSON.stringify(content))
  return path
}

const asRead = { layers: null, scale: 1, hub: { env: {} } }
const both = { prompt: 'all', generation: 'all' }
// biome-ignore lint/suspicious/noExplicitAny: files of other tools
const parsed = (name: string): any => JSON.parse(readFileSync(golden(name), 'utf8'))
const lens = (change: object) => written('lens.json', { ...parsed('lens-match.json'), ...change })
const spec = (vector: object, rest: object = {}) =>
  written('spec.json', { vectors: [{ source: 'half.gguf', apply: both, ...vector }], ...rest })
const clause = (apply: object | null) => spec({ apply })

/** One vector of two numbers. */
function safetensors(texts: object, name = 'layers.1.steering_vector'): Uint8Array {
  const vector = { dtype: 'F32', shape: [2], data_offsets: [0, 8] }
  const header = Buffer.from(JSON.stringify({ __metadata__: texts, [name]: vector }))
  const size = Buffer.from(BigUint64Array.of(BigInt(header.length)).buffer)
  return Buffer.concat([size, header, Buffer.from(Float32Array.of(1, 2).buffer)])
}

const gguf = (change: (bytes: Buffer) => Buffer) => written('odd.gguf', change(readFileSync(golden('control.gguf'))))
const latin = (text: string) => Buffer.from(text, 'latin1')
const replaced = (from: string, to: string) => (bytes: Buffer) => latin(bytes.toString('latin1').replace(from, to))

function reft(change: (config: ReturnType<typeof parsed>) => object): string {
  const path = join(folder, 'reft')
  cpSync(golden('reft'), path, { recursive: true })
  writeFileSync(join(path, 'config.json'), JSON.stringify(change(parsed('reft/config.json'))))
  return path
}

describe('vectors of other tools', () => {
  it.each<[what: string, path: () => string, message: string]>([
    ['a model', () => gguf(replaced('controlvector', 'gemma2control')), 'general.architecture is "gemma2control"'],
    [
      'an end in the header',
      () => gguf((bytes) => bytes.subarray(0, 60)),
      'is no whole GGUF file: it ends inside its header',
    ],
    [
      'an end in the numbers',
      () => gguf((bytes) => bytes.subarray(0, -4)),
      'it ends before the numbers of direction.1',
    ],
    ['another magic', () => gguf(replaced('GGUF', 'GGML')), 'does not begin with GGUF'],
    [
      'another tensor',
      () => gguf(replaced('direction.2', 'direction_2')),
      '"direction_2", which is no direction.N of a layer N',
    ],
    [
      'a layer twice',
      () => gguf(replaced('\x0b\0\0\0\0\0\0\0direction.2', '\x0c\0\0\0\0\0\0\0direction.03')),
      'holds "direction.3" and "direction.03", two directions of layer 3; leave one out',
    ],
    ['a tensor twice', () => gguf(replaced('direction.2', 'direction.3')), 'has the tensor direction.3 twice'],
    ['no array', () => written('x.npy', 'no array'), 'x.npy is not in numpy format'],
    ['no layer', () => golden('plain.npy'), 'does not say where the array acts; add layers=N to `modelArgs`'],
    ['no layer in safetensors', () => golden('one.safetensors'), 'does not say where v acts'],
    ['no JSON', () => written('x.json', '{'), 'x.json is not valid JSON'],
    ['other JSON', () => written('x.json', { a: 1 }), 'is a JSON file of none of vllm-lens'],
    ['no lens vector', () => written('x.json', [{ activations: 1 }]), 'x.json: activations is 1, expected an object'],
    ['layers of another number', () => lens({ layer_indices: [1] }), 'activations have 2 layers and layer_indices 1'],
    ['a layer twice', () => lens({ layer_indices: [1, 1] }), 'layer_indices names a layer twice'],
    [
      'positions for nothing',
      () => lens({ position_indices: [1] }),
      'position_indices has no meaning for activations of two axes',
    ],
    ['another field', () => lens({ colour: 1 }), 'lens.json: there is no field "colour"'],
    [
      'a shape too short',
      () => lens({ activations: { ...parsed('lens-match.json').activations, shape: [2, 4] } }),
      'activations is longer than its shape',
    ],
    [
      'a shape too long',
      () => lens({ activations: { ...parsed('lens-match.json').activations, shape: [2, 999] } }),
      'bytes for the shape [2,999], expected 7992',
    ],
    ...[
      [2, 0],
      [2, 0, 4],
    ].map((shape): [string, () => string, string] => [
      `the shape [${shape}]`,
      () => lens({ activations: { ...parsed('lens-match.json').activations, shape } }),
      `activations has shape [${shape}], which holds no numbers`,
    ]),
    [
      'no layer at all',
      () => lens({ layer_indices: [], activations: { ...parsed('lens-match.json').activations, shape: [0, 4] } }),
      'holds no numbers',
    ],
    [
      'a blank coefficient',
      () =>
        written('blank.safetensors', safetensors({ 'layers.1.action': 'add', 'layers.1.steering_coefficient': ' ' })),
      'steering_coefficient is not a finite number',
    ],
    [
      'a blank head',
      () => written('blank.safetensors', safetensors({ 'layers.1.action': 'add', 'layers.1.head_index': '' })),
      'head_index is not a whole number from 0',
    ],
    [
      'a file larger than memory',
      () => {
        const path = written('large.gguf', 'GGUF')
        truncateSync(path, 1.6e9)
        return path
      },
      'large.gguf: it has 1600 MB, and such a file has at most 500 MB',
    ],
    [
      'no zstd',
      () => lens({ activations: { ...parsed('lens-match.json').activations, data: 'AAAA' } }),
      'activations is no whole zstd data',
    ],
    [
      'no base64',
      () => lens({ activations: { ...parsed('lens-match.json').activations, data: '!' } }),
      'activations is not base64',
    ],
    [
      'a type that does not fit',
      () => lens({ activations: { ...parsed('lens-match.json').activations, dtype: 'int16' } }),
      'stored as int16 and were torch.float32, which do not fit',
    ],
    [
      'an algorithm',
      () => spec({ algorithm: 'moe_router' }),
      'vectors[0]: moe_router changes which experts a router chooses, not an activation',
    ],
    ['no clause', () => clause(null), 'vectors[0].apply is missing'],
    ['an empty clause', () => clause({}), 'vectors[0].apply: it selects nothing'],
    [
      'an exclude of nothing',
      () => clause({ prompt: 'all', exclude_generation_tokens: [1] }),
      'exclude_generation_tokens takes from tokens of which it selects none',
    ],
    [
      'an empty list',
      () => clause({ prompt_tokens: [] }),
      'prompt_tokens is [], expected a list that is not empty, or null',
    ],
    [
      'an old sentinel',
      () => clause({ prompt_tokens: [-1] }),
      'prompt_tokens has a number below 0, expected token ids',
    ],
    ['a step below 0', () => clause({ generation_positions: [-1] }), 'generation_positions has a number below 0'],
    ['an empty window', () => clause({ prompt_window: [3, 3] }), 'prompt_window [3, 3] is empty'],
    ['a window that begins below 0', () => clause({ generation_window: [-2, 3] }), 'generation_window begins below 0'],
    ['an old field', () => clause({ phases: ['prompt'] }), 'apply has no field "phases"'],
    ['a layer it lacks', () => spec({ layers: [7] }), 'layers names 7, for which it has no vector'],
    ['a layer twice', () => spec({ layers: [1, 1] }), 'expected a list that names each layer once'],
    [
      'a payload of no layer',
      () => spec({ source: null, data: { version: 1, kind: 'direction', tensors: {}, extra: {} } }),
      'vectors[0]: it holds no vector of any layer',
    ],
    [
      'a payload of a layer twice',
      () => {
        const tensor = { shape: [1], data: 'AACAPw==' }
        const data = { version: 1, kind: 'direction', tensors: { 'layer.1': tensor, 'layer.01': tensor }, extra: {} }
        return spec({ source: null, data })
      },
      'vectors[0]: it holds layer 1 twice',
    ],
    ['normalize of a map', () => spec({ algorithm: 'loreft', normalize: true }), 'normalize has no effect on loreft'],
    ['no source', () => spec({ source: null }), 'it needs either source, a path, or data'],
    ['a source that is not there', () => spec({ source: 'none.gguf' }), 'none.gguf: no such file'],
    ['params', () => spec({ params: { topk: 1 } }), 'vectors[0]: direct has no param "topk"'],
    [
      'data of another kind',
      () => spec({ source: null, data: parsed('easysteer-linear.json').vectors[0].data }),
      'data is of kind "linear"; direct takes "direction"',
    ],
    ['no payload', () => spec({ source: null, data: {} }), 'data is no payload of EasySteer'],
    [
      'a vector that never acts',
      () => written('spec.json', { vectors: [0, 1].map(() => ({ source: 'half.gguf', apply: both })) }),
      'vectors[1]: it never acts at layers.1: vectors[0] goes first',
    ],
    [
      'vectors that may meet',
      () =>
        written('spec.json', { conflict: 'error', vectors: [0, 1].map(() => ({ source: 'half.gguf', apply: both })) }),
      'it can act at the same tokens of layers.1 as vectors[0]',
    ],
    [
      'a ReFT of another kind',
      () =>
        reft((config) => ({
          ...config,
          intervention_types: ["<class 'pyvene.models.interventions.RotatedSpaceIntervention'>", 'x'],
        })),
      'intervention_types[0] is "RotatedSpaceIntervention", which takes its values from a second text',
    ],
    [
      'a part of another unit',
      () =>
        reft((config) => ({
          ...config,
          representations: [[1, 'block_output', 'h.pos', 1], config.representations[1]],
        })),
      'representations[0]: unit is "h.pos", expected "pos"',
    ],
    [
      'a component',
      () =>
        reft((config) => ({ ...config, representations: [[1, 'query_output', 'pos', 1], config.representations[1]] })),
      'component is "query_output", expected block_output',
    ],
    [
      'two interventions at one place',
      () => reft((config) => ({ ...config, representations: [config.representations[0], config.representations[0]] })),
      'has two interventions at layers.1, which pyreft applies at different tokens',
    ],
    [
      'keys that do not fit',
      () => reft((config) => ({ ...config, sorted_keys: [] })),
      'has 2 representations, 2 intervention_types and 0 sorted_keys',
    ],
    [
      'a way out of the folder',
      () => reft((config) => ({ ...config, sorted_keys: ['../../x', 'y'] })),
      'which is no part of a file name',
    ],
    ['a folder', () => folder, 'is a folder without the config.json of a pyreft model'],
  ])('%s is an error', async (_, path, message) => {
    const refused = await read(path()).then(
      () => null,
      (error: unknown) => error,
    )
    expect(InputError.isInstance(refused) ? refused.message : refused).toContain(message)
  })

  it('one vector is the same in every plain file', async () => {
    const vectorsOf = async (name: string) =>
      (await read(golden(name), [1, 3])).entries.map(({ hookpoint, change }) => [hookpoint, change])
    const expected = await vectorsOf('plain.npy')
    expect(expected.map(([hookpoint]) => hookpoint)).toEqual(['layers.1', 'layers.3'])
    for (const name of ['plain-f64.npy', 'plain.pt', 'one.safetensors']) expect(await vectorsOf(name)).toEqual(expected)
  })

  it('a file that gives no vector is an error', async () => {
    await expect(read(golden('plain.npy'), [])).rejects.toThrow('plain.npy holds no vector')
  })

  it('tells what the metadata of plain vectors say for nothing', async () => {
    const texts = { format: 'pt', layer: '12', coefficient: '5' }
    const path = written('told.safetensors', safetensors(texts, 'layers.1'))
    expect((await read(path)).ignored).toEqual(['metadata layer', 'metadata coefficient'])
    const given = { input: path, output: join(folder, 'told.npy'), to: null, modelType: null, ...asRead }
    expect(await convertVectors(given)).toContain(
      `${path}: without meaning to saeval: metadata layer, metadata coefficient`,
    )
  })

  it('takes the layers that are asked for, and says which there are', async () => {
    const file = await read(golden('control.gguf'))
    const places = inLayers(file, layersArgument('1 3')).entries.map(({ hookpoint }) => hookpoint)
    expect(places.join()).toBe('layers.1,layers.3')
    expect(layersArgument('3 5:7 5')).toEqual([3, 5, 6])
    expect(() => inLayers(file, [9])).toThrow(
      'has nothing for layer 9, which `modelArgs` layers names; it has layers 1, 2, 3',
    )
    for (const text of ['', 'x', '3:3', '-1', '0:100000']) expect(() => layersArgument(text)).toThrow('layers')
  })

  it('scales what adds, and nothing else', async () => {
    const scale = async (name: string, factor: number) => strengthened(await read(golden(name)), factor)
    expect((await scale('lens-match.json', 3)).entries[0]!.change.coefficient).toBe(1.5)
    await expect(scale('easysteer-erase.json', 2)).rejects.toThrow('vectors[0], layer 1: erase has no strength')
    await expect(scale('lens-match.json', 1e300)).rejects.toThrow('is not a finite float32 number')
  })
})
