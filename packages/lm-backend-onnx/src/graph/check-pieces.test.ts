import { expect, it } from 'vitest'
import { needsModel } from '../../../../tests/fixtures.js'
import { goldenWeights } from '../golden-models.testing.js'
import type { ModelWeights } from '../weights/model-weights.js'
import { checkPieces, pieces } from './check-pieces.js'
import { cpuForm, webgpuForm } from './graph-form.js'

const product = (shape: readonly number[]) => shape.reduce((all, length) => all * length, 1)

it('refuses weights that a device does not take in one piece, as it holds them', async () => {
  const { spec, weights } = await goldenWeights('google/gemma-2-2b')
  const { name, type, shape } = weights.tensor(spec.embedding.weight)
  expect(type).toBe('bfloat16')
  const bytes = 2 * product(shape)
  const check = (pieceBytes: number, changed: Partial<ModelWeights> = {}) =>
    checkPieces({ spec, weights: { ...weights, ...changed }, form: { ...webgpuForm, pieceBytes } }, 'it', 'webgpu')
  check(bytes)
  // no dtype makes a table smaller than 16 bits
  expect(() => check(bytes - 1)).toThrow(
    new RegExp(`^it: ${name} is more than the .* in one piece; choose another dev`),
  )
  // held in 32 bits it is twice as large: for its numbers at any dtype, as a file's until another is chosen
  const kept = new Map([[name, 'float32']] as const)
  expect(() => check(2 * bytes - 1, { kept })).toThrow(/takes in one piece; choose another device$/)
  const tensor = (name: string) => ({ ...weights.tensor(name), type: 'float32' }) as const
  expect(() => check(2 * bytes - 1, { tensor })).toThrow(
    /takes in one piece; choose a smaller dtype or another device$/,
  )
  expect(() => check(bytes - 1, { tensor })).toThrow(/takes in one piece; choose another device$/)
  checkPieces({ spec, weights, form: webgpuForm }, 'it', 'webgpu')
  checkPieces({ spec, weights, form: cpuForm }, 'it', 'cpu')
})

const qwen = 'Qwen/Qwen3-30B-A3B-Base'
it('knows that 4 bits make matrices of products smaller, and tables of layers not', async () => {
  const { spec, weights } = await goldenWeights('google/gemma-4-E2B')
  const sizes = pieces({ spec, weights, form: webgpuForm })
  const of = (name: string) => sizes.get(weights.tensor(name).name)!
  const table = of(spec.layerInputs!.table)
  // its file is float32
  expect(table.fewest).toBe(table.bytes / 2)
  const matrix = of(spec.layerInputs!.projection.weight)
  expect(matrix.fewest).toBe(matrix.bytes / 8)
})

it('counts the experts that a graph stacks as one', needsModel(qwen), async () => {
  const { spec, weights } = await goldenWeights(qwen)
  const sizes = pieces({ spec, weights, form: webgpuForm })
  const [name, { bytes, fewest }] = [...sizes].find(([name]) => name.includes('experts.') && name.includes('up_proj'))!
  const { mlp } = spec.layer(0)
  if (mlp.kind !== 'experts') throw new Error('the model has experts')
  const one = weights.tensor(
    mlp.layouts.flatMap((layout) => (layout.kind === 'separate' ? [layout.expert(1).up] : []))[0]!.weight,
  )
  expect(name).toBe(one.name.replace('.1.', '.'))
  expect(bytes).toBe(2 * product(one.shape) * mlp.count)
  expect(fewest).toBe(bytes)
})
