import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { fixturePath, temporaryFolder } from '../../../../../tests/fixtures.js'
import { placeKey, residualLayer } from '../layer-place.js'
import { addition, type SteeredFile } from '../steered-entry.js'
import { readVectors } from '../vector-formats.js'
import { convertVectors, type WriteVectorsOptions, writeVectors } from './write-vectors.js'

const folder = temporaryFolder()
const options = { layers: null, hub: { env: {} } }
const read = (path: string) => readVectors(path, { baseName: null, allowOtherModel: true, ...options })

/** Half a layer before its output stands what the output of the layer before is. */
const placeOf = (hookpoint: string) => residualLayer(hookpoint) ?? Number(/\d+/.exec(hookpoint)?.[0]) - 0.5

/** What the file does, whatever its format; coefficients that some formats multiply in are multiplied in here. */
async function meaning(path: string) {
  const { entries } = await read(path)
  const inOrder = [...entries].sort((a, b) => placeOf(a.hookpoint) - placeOf(b.hookpoint))
  return inOrder.map(({ hookpoint, head, change, keepsNorm, positions }) => ({
    place: placeKey(hookpoint.replace(/^blocks\.(\d+)\.hook_resid_pre$/, (_, layer) => `layers.${layer - 1}`)),
    head,
    keepsNorm,
    positions: positions ?? null,
    change:
      change.action === 'add'
        ? { action: 'add', vector: change.vector.map((value) => change.coefficient * value) }
        : change,
  }))
}

const convert = (input: string, output: string, more: Partial<WriteVectorsOptions & { scale: number }> = {}) =>
  convertVectors({ input, output, to: null, modelType: null, scale: 1, ...options, ...more })

const folderOfCases = temporaryFolder()
const golden = (name: string) =>
  existsSync(join(folderOfCases, name)) ? join(folderOfCases, name) : fixturePath(`golden/vectors/${name}`)
const changed = (name: string, from: string, change: (content: ReturnType<typeof JSON.parse>) => object) =>
  writeFileSync(
    join(folderOfCases, name),
    JSON.stringify(change(JSON.parse(readFileSync(fixturePath(`golden/vectors/${from}`), 'utf8')))),
  )
changed('scaled-erase.json', 'easysteer-erase.json', ({ vectors }) => ({ vectors: [{ ...vectors[0], scale: 0.5 }] }))
changed('camel.json', 'neuronpedia-cap.json', ({ vectors }) => ({
  vectors: vectors.map(({ steering_vector: steeringVector, ...rest }: { steering_vector: number[] }) => ({
    ...rest,
    steeringVector,
  })),
  steerMethod: 'PROJECTION_CAP',
  strengthMultiplier: 2,
}))
const additions = (names: readonly string[]): SteeredFile => ({
  path: 'made',
  sha256: '',
  ignored: [],
  notices: [],
  modelType: null,
  entries: names.map((name, at) => addition({ path: 'made', entry: name }, name, Float32Array.of(at + 1, 2))),
})
writeVectors(additions(['model.layers.1.mlp', 'model.layers.2']), {
  output: join(folderOfCases, 'mlp.safetensors'),
  to: null,
  modelType: null,
})

describe('converting vectors', () => {
  it.each<[string, string, string | null]>([
    ['control.gguf', 'x.gguf', null],
    ['control.gguf', 'x.safetensors', null],
    ['control.gguf', 'x.json', 'vllm-lens'],
    ['control.gguf', 'y.json', 'EasySteer'],
    ['places.safetensors', 'z.gguf', null],
    ['lens-bfloat16.json', 'l.gguf', null],
    ['lens-bfloat16.json', 'l.safetensors', null],
    ['lens-match.json', 'm.json', 'vllm-lens'],
    ['lens-positions.json', 'p.json', 'vllm-lens'],
    ['easysteer-erase.json', 'e.json', 'EasySteer'],
    ['easysteer-replace.json', 'r.json', 'EasySteer'],
    ['easysteer-linear.json', 'n.json', 'EasySteer'],
    ['easysteer-loreft.json', 'o.json', 'EasySteer'],
    ['easysteer-tokens.json', 't.json', 'EasySteer'],
    ['easysteer-windows.json', 'w.json', 'EasySteer'],
    ['easysteer-positions.json', 'q.json', 'EasySteer'],
    ['easysteer-excluded.json', 'd.json', 'EasySteer'],
    ['reft', 'f.json', 'EasySteer'],
    ['reft', 'reft', null],
    ['control.gguf', 'added', null],
    ['control.gguf', 'x.pt', null],
    ['places.safetensors', 'places.pth', null],
    ['neuronpedia-cap.json', 'cap.json', 'Neuronpedia'],
    ['neuronpedia-orthogonal.json', 'orthogonal.json', 'Neuronpedia'],
    ['control.gguf', 'c.json', 'Neuronpedia'],
    ['low-rank-lm-steer.json', 'lm.json', 'EasySteer'],
    ['scaled-erase.json', 'erased.json', 'EasySteer'],
    ['camel.json', 'snake.json', 'Neuronpedia'],
    ['mlp.safetensors', 'mlp.pt', null],
    ['mlp.safetensors', 'mlp', null],
  ])('%s as %s %s means the same', async (input, output, to) => {
    const path = join(folder, output)
    await convert(golden(input), path, { to, modelType: output.endsWith('gguf') ? 'gemma2' : null })
    expect(await meaning(path)).toEqual(await meaning(golden(input)))
  })

  it.each<[string, readonly string[], string]>([
    ['two', ['h.1', 'blocks.1.hook_resid_post'], 'a pyreft file cannot hold layers.1 twice'],
    ['behind', ['blocks.1.hook_mlp_out'], 'cannot hold blocks.1.hook_mlp_out: it holds outputs of the modules'],
    ['two.pt', ['layers.1.mlp', 'model.layers.1.mlp'], 'a torch file cannot hold layers.1.mlp twice'],
    ['hook.json', ['blocks.1.hook_mlp_out'], 'a Neuronpedia file cannot hold blocks.1.hook_mlp_out: its server steers'],
  ])('into %s places %j are an error', (output, names, message) => {
    const to = output.endsWith('json') ? 'Neuronpedia' : null
    expect(() => writeVectors(additions(names), { output: join(folder, output), to, modelType: null })).toThrow(message)
  })

  it('names modules as lm_eval looks them up, and says what it cannot', async () => {
    const output = join(folder, 'named.pt')
    const names = async () => (await read(output)).entries.map(({ hookpoint }) => hookpoint)
    const given = additions(['transformer.h.1', 'blocks.2.hook_resid_post'])
    expect(writeVectors(given, { output, to: null, modelType: 'gpt2' })).toEqual([])
    expect(await names()).toEqual(['h.1', 'h.2'])
    const [line] = writeVectors(given, { output, to: null, modelType: null })
    expect(line).toContain('lm_eval names layers as the model does')
    expect(await names()).toEqual(['h.1', 'layers.2'])
  })

  it('writes the array of one layer, and says that its layer is left out', async () => {
    const path = join(folder, 'one.npy')
    const notices = await convert(golden('control.gguf'), path, { layers: [2], scale: 2 } as object)
    expect(notices).toEqual([`${path}: an array does not say where it acts; it was layers.2`])
    const [entry] = (await readVectors(path, { baseName: null, allowOtherModel: true, layers: [2], hub: {} })).entries
    const [source] = (await read(golden('control.gguf'))).entries.filter(({ hookpoint }) => hookpoint === 'layers.2')
    expect(entry!.change).toMatchObject({
      vector: (source!.change as { vector: Float32Array }).vector.map((value) => 2 * value),
    })
  })

  it.each<[string, string, string | null, string]>([
    [
      'lens-match.json',
      'a.gguf',
      null,
      'a GGUF control vector file cannot hold add_matched: it holds vectors that are added',
    ],
    ['lens-positions.json', 'a.safetensors', null, 'cannot hold the tokens at which it acts: it acts at every token'],
    ['easysteer-source.json', 'a.gguf', null, 'cannot hold normalize: it does not keep the length of activations'],
    ['reft', 'a.json', 'vllm-lens', 'cannot hold loreft: it holds vectors that are added'],
    ['reft-direft', 'g', null, 'a pyreft file cannot hold low_rank: it holds loreft and additions'],
    ['reft-noreft', 'g', null, 'cannot hold a loreft whose R is no rotation: pyreft keeps its rows orthonormal'],
    ['reft-direft', 'g.json', 'EasySteer', 'cannot hold a low-rank map with a bias: its lm_steer has none'],
    ['easysteer-loreft.json', 'g', null, 'cannot hold loreft times 1.25: it has no strength'],
    ['lens-match.json', 'a.pt', null, 'a torch file cannot hold add_matched: it holds add and clamp'],
    ['control.gguf', 'a.csv', null, 'cannot hold a vector of which no decoder row is known'],
    ['lens-positions.json', 'a.json', 'Neuronpedia', 'cannot hold the tokens at which it acts'],
    [
      'easysteer-replace.json',
      'a.json',
      'Neuronpedia',
      'cannot hold replace: it holds add, project_scale, project_cap',
    ],
    [
      'lens-match.json',
      'a.json',
      'EasySteer',
      'cannot hold add_matched: it holds direct, erase, replace, linear, loreft and lm_steer',
    ],
    ['places.safetensors', 'a.gguf', null, 'cannot hold no model type'],
    ['control.gguf', 'a.npy', null, 'cannot hold 3 vectors: it holds one'],
    [
      'control.gguf',
      'a.json',
      null,
      'several formats end in .json; say which by `to`: vllm-lens, EasySteer, Neuronpedia',
    ],
    [
      'control.gguf',
      'a.bin',
      null,
      'ends in none of .safetensors, .npy, .gguf, .pt, .pth, .csv, .json; a name without',
    ],
    ['control.gguf', 'a.gguf', 'vllm-lens', 'does not end in .json, as files of `to` vllm-lens do'],
    [
      'control.gguf',
      'a.gguf',
      'x',
      '`to` is x, expected safetensors, npy, gguf, pt, csv, vllm-lens, EasySteer, Neuronpedia, pyreft',
    ],
  ])('%s as %s %s is an error', async (input, output, to, message) => {
    await expect(convert(golden(input), join(folder, output), { to })).rejects.toThrow(message)
  })
})
