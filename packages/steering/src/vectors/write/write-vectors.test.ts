import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { fixturePath, temporaryFolder } from '../../../../../tests/fixtures.js'
import { residualLayer } from '../layer-place.js'
import { readVectors } from '../vector-formats.js'
import { convertVectors, type WriteVectorsOptions } from './write-vectors.js'

const folder = temporaryFolder()
const options = { layers: null, hub: { env: {} } }
const read = (path: string) => readVectors(path, { baseName: null, allowOtherModel: true, ...options })

/** What the file does, whatever its format; coefficients that some formats multiply in are multiplied in here. */
async function meaning(path: string) {
  const { entries } = await read(path)
  const inOrder = [...entries].sort((a, b) => residualLayer(a.hookpoint)! - residualLayer(b.hookpoint)!)
  return inOrder.map(({ hookpoint, change, keepsNorm, positions }) => ({
    layer: residualLayer(hookpoint),
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

const golden = (name: string) => fixturePath(`golden/vectors/${name}`)

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
  ])('%s as %s %s means the same', async (input, output, to) => {
    const path = join(folder, output)
    await convert(golden(input), path, { to, modelType: output.endsWith('gguf') ? 'gemma2' : null })
    expect(await meaning(path)).toEqual(await meaning(golden(input)))
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
    [
      'lens-match.json',
      'a.json',
      'EasySteer',
      'cannot hold add_matched: it holds direct, erase, replace, linear and loreft',
    ],
    ['places.safetensors', 'a.gguf', null, 'cannot hold no model type'],
    ['control.gguf', 'a.npy', null, 'cannot hold 3 vectors: it holds one'],
    ['control.gguf', 'a.json', null, 'several formats end in .json; say which by `to`: vllm-lens, EasySteer'],
    ['control.gguf', 'a.pt', null, 'ends in none of .safetensors, .npy, .gguf, .json'],
    ['control.gguf', 'a.gguf', 'vllm-lens', 'does not end in .json, as files of `to` vllm-lens do'],
    ['control.gguf', 'a.gguf', 'x', '`to` is x, expected safetensors, npy, gguf, vllm-lens, EasySteer'],
  ])('%s as %s %s is an error', async (input, output, to, message) => {
    await expect(convert(golden(input), join(folder, output), { to })).rejects.toThrow(message)
  })
})
