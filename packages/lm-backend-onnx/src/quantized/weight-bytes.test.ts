import { describe, expect, it } from 'vitest'
import { needsModel } from '../../../../tests/fixtures.js'
import { goldenWeights } from '../golden-models.testing.js'
import { bodyGraph } from '../graph/body-graph.js'
import { cpuForm, cudaForm, type GraphOptions, webgpuForm } from '../graph/graph-form.js'
import { headGraph } from '../graph/head-graph.js'
import { modelSteps } from '../graph/hook-sites.js'
import type { ModelWeights } from '../weights/model-weights.js'
import { neededMatrices } from './needed-matrices.js'
import { weightBytes } from './weight-bytes.js'

const bytesOf = { float32: 4, float16: 2, bfloat16: 2, uint8: 1, int32: 4, int64: 8, bool: 1, float64: 8 } as const

/** Bytes of the inputs of all graphs, each once: what is put on a device. */
function heldByGraphs(options: GraphOptions): number {
  const steps = modelSteps(options.spec).length
  const body = bodyGraph({ ...options, from: 0, to: steps, edits: new Map(), captures: [] })
  const held = new Map([...body.weights, ...headGraph(options).weights].map((weight) => [weight.input, weight]))
  return [...held.values()].reduce(
    (sum, { shape, type }) => sum + shape.reduce((all, size) => all * size, bytesOf[type]),
    0,
  )
}

// tied and untied heads, tables of layers, experts that are stacked and packed ones
const names = ['google/gemma-2-2b', 'google/gemma-4-E2B', 'Qwen/Qwen3-30B-A3B-Base', 'openai/gpt-oss-20b']
describe.each(names)('%s', (name) => {
  it('takes what its graphs bind, in each precision', needsModel(name), async () => {
    const { spec, weights } = await goldenWeights(name)
    for (const [form, precision] of [
      [cudaForm, 'float32'],
      [cudaForm, 'float16'],
      [webgpuForm, 'bfloat16'],
    ] as const) {
      const options = { spec, weights: { ...weights, precision }, form }
      expect(weightBytes(options, null, name)).toBe(heldByGraphs(options))
    }
  })
})

it.each([4, 8] as const)('counts codes, scales and what stays as it is, at %s bits', async (bits) => {
  const name = 'google/gemma-2-2b'
  const { spec, weights } = await goldenWeights(name)
  const nothing = { name: '', type: 'uint8', location: '', offset: 0, byteLength: 0 } as const
  const matrix: NonNullable<ModelWeights['quantized']>['matrix'] = ({ weight, inFeatures, outFeatures }) => {
    const blocks = Math.ceil(inFeatures / 32)
    return {
      codes: { ...nothing, name: `${weight}.codes`, shape: [outFeatures, blocks, 4 * bits] },
      scales: { ...nothing, type: 'float32', name: `${weight}.scales`, shape: [outFeatures * blocks] },
    }
  }
  const options = { spec, weights: { ...weights, quantized: { bits, matrix } }, form: cudaForm }
  expect(neededMatrices(spec, weights, bits, name).length).toBeGreaterThan(4)
  const held = heldByGraphs(options)
  expect(weightBytes(options, bits, name)).toBe(held)
  // the same before there are codes
  expect(weightBytes({ ...options, weights }, bits, name)).toBe(held)
  // vectors stay in 16 bits in its files, where the CPU reads them
  const onCpu = weightBytes({ ...options, weights: { ...weights, residence: 'packed' }, form: cpuForm }, bits, name)
  expect(onCpu).toBeLessThan(held)
  expect(onCpu).toBeGreaterThan(0.98 * held)
})
