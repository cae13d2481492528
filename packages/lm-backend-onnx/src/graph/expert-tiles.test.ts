import { seededUniform } from '@saeval/hub/internal/seeded-uniform'
import { expect, it } from 'vitest'
import { GraphBuilder } from '../onnx/graph-builder.js'
import { InferenceSession, Tensor } from '../runtime/onnxruntime.js'
import type { Experts, ModelSpec } from '../spec/model-spec.js'
import { plainExperts } from '../spec/qwen-experts.js'
import type { ModelWeights } from '../weights/model-weights.js'
import { expertNodes } from './expert-nodes.js'
import { webgpuForm } from './graph-form.js'
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
  await expectFormula(layerOf(5, 2), input, products, [...Array(tokens).keys()])
})

it('multiplies what experts read where they say so', async () => {
  await expectFormula(layerOf(5, 2, 'inputs'), numbers(40 * d), 3, [...Array(40).keys()])
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
  await expectFormula(layer, input, 1, [0, 1, tokens - 2, tokens - 1])
})

/** Expects of these tokens that the graph does what the formula does. */
async function expectFormula(
  { experts, shapes, matrices, formula }: ReturnType<typeof layerOf>,
  input: Float32Array,
  products: number,
  looked: readonly number[],
): Promise<void> {
  const { count } = experts
  const tokens = input.length / d
  const graph = new GraphBuilder()
  const form = { ...webgpuForm, experts: { tileNumbers: Math.ceil((2 * count * 2 * f * d) / products) } }
  const tensor = (name: string) => ({ name, type: 'float32', shape: shapes[name as keyof typeof shapes] }) as const
  const weights = { tensor, has: () => true, precision: 'float32', residence: 'device', quantized: null }
  const spec = { norm: { kind: 'rms_norm', epsilon: 1e-6, unitOffset: false } } as unknown as ModelSpec
  const nodes = weightNodes(graph, { spec, weights: weights as unknown as ModelWeights, form })
  const x = graph.input('x', 'float32', ['B', 'T', d])
  graph.output(expertNodes({ graph, nodes, form, dModel: d, experts }, x), 'y', 'float32', ['B', 'T', d])
  const session = await InferenceSession.create(graph.build(), { logSeverityLevel: 3 })
  const { y } = await session.run({
    x: new Tensor('float32', input, [1, tokens, d]),
    ...Object.fromEntries(
      Object.entries(matrices).map(([name, data]) => [
        `weight.${name}`,
        new Tensor('float32', data, shapes[name as keyof typeof shapes]),
      ]),
    ),
  })
  await session.release()
  expect(nodes.values.inputs().map((weight) => weight.input)).toEqual([
    'weight.router',
    'weight.gate_up',
    'weight.down',
  ])
  const found = y!.data as Float32Array
  for (const token of looked) {
    const expected = formula(Array.from(input.subarray(token * d, (token + 1) * d)))
    expected.forEach((value, at) => {
      expect(Math.abs(found[token * d + at]! - value)).toBeLessThan(1e-5)
    })
  }
}
