import { seededUniform } from '@saeval/hub/internal/seeded-uniform'
import { expect, it } from 'vitest'
import { GraphBuilder } from '../onnx/graph-builder.js'
import { InferenceSession, Tensor } from '../runtime/onnxruntime.js'
import { jointAttention } from './joint-attention.js'

const [rows, nKvHeads, dHead] = [3, 2, 5]

/** Attention of one head by its formula. */
function formula(
  q: number[],
  keys: number[][],
  values: number[][],
  logit: (raw: number) => number,
  sink: number | null,
) {
  const logits = keys.map((key) => logit(key.reduce((sum, value, at) => sum + value * q[at]!, 0)))
  const weights = logits.map(Math.exp)
  const total = weights.reduce((sum, weight) => sum + weight, sink === null ? 0 : Math.exp(sink))
  return q.map((_, at) => values.reduce((sum, value, key) => sum + (weights[key]! / total) * value[at]!, 0))
}

it.each([
  ['plain', null, false, 1, 2],
  ['softcap', 2, false, 1, 2],
  ['sinks', null, true, 1, 2],
  ['softcap and sinks', 2, true, 1, 2],
  ['several tokens', null, false, 3, 2],
  ['several tokens, softcap and sinks', 2, true, 3, 2],
  ['several tokens, no groups', null, true, 3, 1],
] as const)('is one softmax over all parts: %s', async (_, softcap, hasSinks, tokens, group) => {
  const nHeads = nKvHeads * group
  const spec = { nHeads, nKvHeads, dHead }
  const uniform = seededUniform(5)
  const numbers = (count: number) => Float32Array.from({ length: count }, () => 2 * uniform() - 1)
  const kinds = [
    { length: 7, shared: true },
    { length: 4, shared: false },
    { length: 2, shared: true },
    { length: 1, shared: false },
  ]
  const columns = 14
  const graph = new GraphBuilder()
  const feeds: Record<string, Tensor> = {}
  const feed = (name: string, data: Float32Array, dims: number[]) => {
    feeds[name] = new Tensor('float32', data, dims)
    return graph.input(
      name,
      'float32',
      dims.map((_, axis) => `${name}.${axis}`),
    )
  }
  const q = feed('q', numbers(rows * nHeads * tokens * dHead), [rows, nKvHeads, group * tokens, dHead])
  const parts = kinds.map(({ length, shared }, part) => {
    const dims = [shared ? 1 : rows, nKvHeads, length, dHead]
    const size = dims.reduce((product, n) => product * n, 1)
    return { keys: feed(`k${part}`, numbers(size), dims), values: feed(`v${part}`, numbers(size), dims), shared }
  })
  const hidden = Uint8Array.from({ length: rows * tokens * columns }, (_, at) =>
    at % columns < 13 && uniform() < 0.4 ? 1 : 0,
  )
  const biases = Float32Array.from(hidden, (isHidden) => (isHidden === 1 ? Number.NEGATIVE_INFINITY : 0))
  const bias = feed('bias', biases, [rows, 1, tokens, columns])
  const sinks = hasSinks ? feed('sinks', numbers(nHeads), [nHeads]) : null
  const size = (axis: number) => graph.node('Shape', [bias], { start: axis, end: axis + 1 })
  const sizes = tokens === 1 ? null : { queries: size(2), keys: size(3) }
  const z = jointAttention(graph, spec, q, parts, { scale: 0.7, softcap, bias, sinks, sizes })
  graph.output(z, 'z', 'float32', ['B', 'T', nHeads * dHead])
  const session = await InferenceSession.create(graph.build(), { logSeverityLevel: 3 })
  const { z: found } = await session.run(feeds)
  await session.release()

  const vector = (name: string, row: number, head: number, at: number, length: number) => {
    const { data, dims } = feeds[name]!
    const start = (((dims[0] === 1 ? 0 : row) * nKvHeads + head) * length + at) * dHead
    return [...(data as Float32Array).subarray(start, start + dHead)]
  }
  const expected: number[] = []
  const places = Array.from({ length: rows * tokens }, (_, at) => [Math.floor(at / tokens), at % tokens] as const)
  for (const [row, token] of places) {
    for (let head = 0; head < nHeads; head++) {
      const kv = Math.floor(head / group)
      const all = kinds.flatMap(({ length }, part) =>
        Array.from({ length }, (_, at) => ({
          key: vector(`k${part}`, row, kv, at, length),
          value: vector(`v${part}`, row, kv, at, length),
        })),
      )
      const seen = all.filter((_, column) => hidden[(row * tokens + token) * columns + column] === 0)
      const logit = (raw: number) => (softcap === null ? 0.7 * raw : softcap * Math.tanh((0.7 * raw) / softcap))
      const sink = hasSinks ? (feeds.sinks!.data as Float32Array)[head]! : null
      const own = vector('q', row, kv, (head % group) * tokens + token, group * tokens)
      expected.push(
        ...formula(
          own,
          seen.map(({ key }) => key),
          seen.map(({ value }) => value),
          logit,
          sink,
        ),
      )
    }
  }
  expect(found!.dims).toEqual([rows, tokens, nHeads * dHead])
  expected.forEach((value, at) => {
    expect(Math.abs((found!.data as Float32Array)[at]! - value)).toBeLessThan(1e-6)
  })
})
