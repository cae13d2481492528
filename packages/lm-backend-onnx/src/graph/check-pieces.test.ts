import { expect, it } from 'vitest'
import { needsModel } from '../../../../tests/fixtures.js'
import { goldenWeights } from '../golden-models.testing.js'
import { checkPieces, pieces } from './check-pieces.js'
import { cpuForm, webgpuForm } from './graph-form.js'

const product = (shape: readonly number[]) => shape.reduce((all, length) => all * length, 1)

it('refuses weights that a device does not take in one piece, as it holds them', async () => {
  const { spec, weights } = await goldenWeights('google/gemma-2-2b')
  const { name, type, shape } = weights.tensor(spec.embedding.weight)
  expect(type).toBe('bfloat16')
  const bytes = 2 * product(shape)
  const check = (pieceBytes: number, kept = new Map()) =>
    checkPieces({ spec, weights: { ...weights, kept }, form: { ...webgpuForm, pieceBytes } }, 'it', 'webgpu')
  check(bytes)
  expect(() => check(bytes - 1)).toThrow(`it: ${name} is more than the`)
  // held in 32 bits it is twice as large
  expect(() => check(2 * bytes - 1, new Map([[name, 'float32']]))).toThrow(/takes in one piece; choose a smaller dtype/)
  checkPieces({ spec, weights, form: webgpuForm }, 'it', 'webgpu')
  checkPieces({ spec, weights, form: cpuForm }, 'it', 'cpu')
})

const qwen = 'Qwen/Qwen3-30B-A3B-Base'
it('counts the experts that a graph stacks as one', needsModel(qwen), async () => {
  const { spec, weights } = await goldenWeights(qwen)
  const sizes = pieces({ spec, weights, form: webgpuForm })
  const [name, bytes] = [...sizes].find(([name]) => name.includes('experts.') && name.includes('up_proj'))!
  const { mlp } = spec.layer(0)
  if (mlp.kind !== 'experts') throw new Error('the model has experts')
  const one = weights.tensor(
    mlp.layouts.flatMap((layout) => (layout.kind === 'separate' ? [layout.expert(1).up] : []))[0]!.weight,
  )
  expect(name).toBe(one.name.replace('.1.', '.'))
  expect(bytes).toBe(2 * product(one.shape) * mlp.count)
})
