import type { Value } from '../onnx/graph-builder.js'
import type { Attention } from '../spec/model-spec.js'
import type { AttentionParts, AttentionValues } from './attention-parts.js'

/** Attention by onnxruntime's operator: [z, keys, values], these of the cached and the new tokens. */
export function attendByOperator(parts: AttentionParts, attention: Attention, values: AttentionValues): Value[] {
  const { graph, inputs } = parts
  const { scale, softcap, sinks, nHeads, nKvHeads } = attention
  if (sinks !== null) return attendWithSinks(parts, attention, { ...values, sinks })
  const { q, k, v, pastK, pastV } = values
  // from a boolean mask, onnxruntime would make the same numbers in every layer anew
  return graph.nodes('Attention', [q, k, v, inputs.maskBias(attention), pastK, pastV], 3, {
    q_num_heads: nHeads,
    kv_num_heads: nKvHeads,
    scale: { float: scale },
    ...(softcap === null ? {} : { softcap: { float: softcap } }),
  })
}

/**
 * Attention whose softmax has one more logit per head and drops its share. The sink is a key of zeros, whose logit is what the mask adds
 * there, with a value of zeros.
 */
function attendWithSinks(
  { graph, nodes, inputs }: AttentionParts,
  attention: Attention,
  given: AttentionValues & { readonly sinks: string },
): Value[] {
  const { scale, nHeads, nKvHeads, dHead } = attention
  const perHead = (value: Value, heads: number) =>
    graph.node('Transpose', [graph.node('Reshape', [value, graph.ints([0, 0, heads, dHead])])], { perm: [0, 2, 1, 3] })
  const grown = (past: Value, value: Value) => graph.node('Concat', [past, perHead(value, nKvHeads)], { axis: 2 })
  const [presentK, presentV] = [grown(given.pastK, given.k), grown(given.pastV, given.v)]
  const withZero = (present: Value) =>
    graph.node('Pad', [present, graph.ints([0, 0, 0, 0, 0, 0, 1, 0]), graph.scalar(0)])
  const q = perHead(given.q, nHeads)
  const bias = inputs.maskBias(attention)
  // [1, n_heads, 1, 1] to [mask rows, n_heads, T, 1], and the mask to all heads
  const maskShape = graph.node('Shape', [bias])
  const [rows, columns] = [
    graph.node('Gather', [maskShape, graph.ints([0])]),
    graph.node('Gather', [maskShape, graph.ints([2])]),
  ]
  const sinks = graph.node('Reshape', [nodes.float(given.sinks), graph.ints([1, nHeads, 1, 1])])
  const one = graph.ints([1])
  const heads = graph.ints([nHeads])
  const sinkColumn = graph.node('Expand', [sinks, graph.node('Concat', [rows, heads, columns, one], { axis: 0 })])
  const allHeads = graph.node('Expand', [bias, graph.node('Concat', [one, heads, one, one], { axis: 0 })])
  const mask = graph.node('Concat', [allHeads, sinkColumn], { axis: 3 })
  const z = graph.node('Attention', [q, withZero(presentK), withZero(presentV), mask], { scale: { float: scale } })
  const flat = graph.node('Reshape', [
    graph.node('Transpose', [z], { perm: [0, 2, 1, 3] }),
    graph.ints([0, 0, nHeads * dHead]),
  ])
  return [flat, presentK, presentV]
}
