import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { seededUniform } from '@saeval/hub/internal/seeded-uniform'
import { describe, expect, it } from 'vitest'
import { GraphBuilder } from '../onnx/graph-builder.js'
import { InferenceSession, Tensor } from '../runtime/onnxruntime.js'
import type { Experts, ModelSpec } from '../spec/model-spec.js'
import { plainExperts } from '../spec/qwen-experts.js'
import { tensorRows } from '../weights/checkpoint.js'
import type { ModelWeights } from '../weights/model-weights.js'
import { expertNodes } from './expert-nodes.js'
import { cpuForm, type GraphForm, webgpuForm } from './graph-form.js'
import { weightNodes } from './weight-nodes.js'

const [d, f] = [8, 6]
const uniform = seededUniform(3)
const numbers = (length: number) => Float32Array.from({ length }, () => 2 * uniform() - 1)
/**
 * A layer of random experts, and its formula for one token, in double precision. Weights multiply what experts give, or what they read: then they are
 * sigmoids, and matrices are stored the other way round, as in Llama 4.
 */
function layerOf(count: number, chosen: number, weighs: Experts['weighs'] = 'outputs') {
  const isRead = weighs === 'inputs'
  const router = { weight: 'router', bias: null, layout: 'out_in', inFeatures: d, outFeatures: count } as const
  const experts: Experts = {
    ...plainExperts,
    router,
    count,
    chosen,
    weights: isRead ? 'sigmoid' : 'chosen',
    weighs,
    dExpert: f,
    activation: 'silu',
    layouts: [
      isRead
        ? { kind: 'transposed', gateUp: 'gate_up', down: 'down', order: 'halves', biases: null }
        : { kind: 'stacked', gateUp: 'gate_up', down: 'down' },
    ],
  }
  const shapes = {
    router: [count, d],
    gate_up: isRead ? [count, d, 2 * f] : [count, 2 * f, d],
    down: isRead ? [count, f, d] : [count, d, f],
  }
  const matrices = Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [name, numbers(shape.reduce((a, b) => a * b))]),
  )

  function formula(x: readonly number[]): number[] {
    const times = (matrix: string, start: number, rows: number, input: readonly number[]) => {
      const isTurned = isRead && matrix !== 'router'
      const place = (row: number, at: number) => (isTurned ? at * rows + row : row * input.length + at)
      return Array.from({ length: rows }, (_, row) =>
        input.reduce((sum, value, at) => sum + value * matrices[matrix]![start + place(row, at)]!, 0),
      )
    }
    const scores = times('router', 0, count, x)
    const top = [...scores.keys()].sort((a, b) => scores[b]! - scores[a]!).slice(0, chosen)
    const shares = top.map((expert) => Math.exp(scores[expert]!))
    const total = shares.reduce((a, b) => a + b)
    const sigmoid = (value: number) => 1 / (1 + Math.exp(-value))
    const outputs = top.map((expert) => {
      const read = isRead ? x.map((value) => value * sigmoid(scores[expert]!)) : x
      const both = times('gate_up', expert * 2 * f * d, 2 * f, read)
      const hidden = both.slice(0, f).map((gate, at) => (gate / (1 + Math.exp(-gate))) * both[f + at]!)
      return times('down', expert * d * f, d, hidden)
    })
    const share = (place: number) => (isRead ? 1 : shares[place]! / total)
    return x.map((_, at) => outputs.reduce((sum, output, place) => sum + output[at]! * share(place), 0))
  }

  return { experts, shapes, matrices, formula }
}

// all tokens of one kind go to the same experts, whose tiles are then many
it.each([
  [1, 1],
  [1, 4],
  [3, 1],
  [40, 1],
  [40, 3],
  [40, 40],
  [1500, 1],
  [1500, 7],
])('%i tokens in %i products are what each token alone is', async (tokens, products) => {
  const input = numbers(tokens * d)
  // the first half is one and the same token
  for (let at = d; at < (tokens >> 1) * d; at++) input[at] = input[at % d]!
  const layer = layerOf(5, 2)
  expectFormula(layer, input, await inTiles(layer, input, products), [...Array(tokens).keys()])
})

describe.each(['inputs', 'outputs'] as const)('multiplies the %s of several experts of a token', (weighs) => {
  const layer = layerOf(5, 2, weighs)
  const input = numbers(40 * d)
  const all = [...Array(40).keys()]

  it('in tiles', async () => expectFormula(layer, input, await inTiles(layer, input, 3), all))

  it('in branches', async () => expectFormula(layer, input, await inBranches(layer, input), all))
})

it('keeps tokens of neighbouring experts apart where tokens times experts are beyond 2^24', async () => {
  const layer = layerOf(2048, 1)
  const tokens = 8300
  const input = numbers(tokens * d)
  // the first one's expert comes right after the last one's, and both are among the last
  const [last, first] = [2046, 2047].map((expert) => layer.matrices.router!.subarray(expert * d, (expert + 1) * d))
  input.set(first!)
  input.set(last!, (tokens - 1) * d)
  for (const row of [first, last]) row!.set(row!.map((value) => 4 * value))
  expectFormula(layer, input, await inTiles(layer, input, 1), [0, 1, tokens - 2, tokens - 1])
})

type Layer = ReturnType<typeof layerOf>

/** Expects of these tokens that a graph gave what the formula does. */
function expectFormula({ formula }: Layer, input: Float32Array, found: Float32Array, looked: readonly number[]): void {
  for (const token of looked) {
    const expected = formula(Array.from(input.subarray(token * d, (token + 1) * d)))
    expected.forEach((value, at) => {
      expect(Math.abs(found[token * d + at]! - value)).toBeLessThan(1e-5)
    })
  }
}

/** What a graph gives whose weights are inputs: tiles of experts in so many products. */
async function inTiles({ experts, shapes, matrices }: Layer, input: Float32Array, products: number) {
  const form = { ...webgpuForm, experts: { tileNumbers: Math.ceil((2 * experts.count * 2 * f * d) / products) } }
  const tensor = (name: string) => ({ name, type: 'float32', shape: shapes[name as keyof typeof shapes] })
  const { model, inputs } = graphOf(experts, form, { tensor, residence: 'device' })
  expect(inputs).toEqual(['weight.router', 'weight.gate_up', 'weight.down'])
  const given = Object.entries(matrices).map(([name, data]) => {
    return [`weight.${name}`, new Tensor('float32', data, shapes[name as keyof typeof shapes])]
  })
  return run(await InferenceSession.create(model, { logSeverityLevel: 3 }), input, Object.fromEntries(given))
}

/** What a graph gives whose weights lie in a file: a branch for each expert. */
async function inBranches({ experts, shapes, matrices }: Layer, input: Float32Array) {
  const folder = mkdtempSync(join(tmpdir(), 'saeval-test-'))
  try {
    const tensor = (name: string) => ({
      ...({ name, type: 'float32', shape: shapes[name as keyof typeof shapes] } as const),
      ...{ location: name, offset: 0, byteLength: matrices[name]!.byteLength },
    })
    for (const [name, data] of Object.entries(matrices)) writeFileSync(join(folder, name), data)
    const slice = (name: string, index: number) => {
      const rows = tensorRows(tensor(name), experts.count, index, index + 1)
      return { ...rows, shape: rows.shape.slice(1) }
    }
    const { model, inputs } = graphOf(experts, cpuForm, { tensor, slice, residence: 'mapped' })
    expect(inputs).toEqual([])
    const extra = { session: { model_external_initializers_file_folder_path: folder } }
    return await run(await InferenceSession.create(model, { logSeverityLevel: 3, extra }), input, {})
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function graphOf(experts: Experts, form: GraphForm, held: object) {
  const graph = new GraphBuilder()
  const weights = { has: () => true, precision: 'float32', quantized: null, ...held } as unknown as ModelWeights
  const spec = { norm: { kind: 'rms_norm', epsilon: 1e-6, unitOffset: false } } as unknown as ModelSpec
  const nodes = weightNodes(graph, { spec, weights, form })
  const x = graph.input('x', 'float32', ['B', 'T', d])
  graph.output(expertNodes({ graph, nodes, form, dModel: d, experts }, x), 'y', 'float32', ['B', 'T', d])
  return { model: graph.build(), inputs: nodes.values.inputs().map((weight) => weight.input) }
}

async function run(session: InferenceSession, input: Float32Array, weights: Record<string, Tensor>) {
  const { y } = await session.run({ x: new Tensor('float32', input, [1, input.length / d, d]), ...weights })
  await session.release()
  return y!.data as Float32Array
}
