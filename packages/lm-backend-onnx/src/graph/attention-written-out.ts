import type { Value } from '../onnx/graph-builder.js'
import type { Attention, Heads } from '../spec/model-spec.js'
import type { AttentionParts, AttentionValues } from './attention-parts.js'

/**
 * Attention in products, tanh and softmax, which every provider has in float32: [z, keys, values], these of the cached and the new tokens. Queries of
 * heads that share keys stand below each other, [B, n_kv_heads, group * T, d_head], so that no key is repeated.
 */
export function attendWrittenOut(parts: AttentionParts, attention: Attention, given: AttentionValues): Value[] {
  const { graph } = parts
  const { nHeads, nKvHeads, dHead } = attention
  const { queries, keys: keyCount } = parts.inputs.sizes()
  const grown = (past: Value, value: Value) =>
    graph.node('Concat', [past, perHead(parts, attention, value, nKvHeads)], { axis: 2 })
  const [keys, values] = [grown(given.pastK, given.k), grown(given.pastV, given.v)]
  const scaled = perHead(parts, attention, scaledQueries(parts, attention, given.q), nHeads)
  const q = joinGroups(parts, attention, scaled, graph.ints([dHead]))
  const products = graph.node('MatMul', [q, graph.node('Transpose', [keys], { perm: [0, 1, 3, 2] })])
  const shares = attentionShares(parts, attention, splitGroups(parts, attention, products, queries, keyCount))
  const mixed = graph.node('MatMul', [joinGroups(parts, attention, shares, keyCount), values])
  const heads = splitGroups(parts, attention, mixed, queries, graph.ints([dHead]))
  const flat = graph.node('Transpose', [heads], { perm: [0, 2, 1, 3] })
  return [graph.node('Reshape', [flat, graph.ints([0, 0, nHeads * dHead])]), keys, values]
}

/** [B, T, heads * d_head] to [B, heads, T, d_head]. */
export function perHead({ graph }: AttentionParts, { dHead }: Heads, value: Value, heads: number): Value {
  return graph.node('Transpose', [graph.node('Reshape', [value, graph.ints([0, 0, heads, dHead])])], {
    perm: [0, 2, 1, 3],
  })
}

function scaledQueries({ graph }: AttentionParts, { scale }: Attention, q: Value): Value {
  return scale === 1 ? q : graph.node('Mul', [q, graph.scalar(scale)])
}

/** [B, n_heads, T, width] to [B, n_kv_heads, group * T, width]. */
export function joinGroups({ graph }: AttentionParts, { nHeads, nKvHeads }: Heads, value: Value, width: Value): Value {
  if (nHeads === nKvHeads) return value
  return graph.node('Reshape', [value, graph.node('Concat', [graph.ints([0, nKvHeads, -1]), width], { axis: 0 })])
}

/** Back again. */
function splitGroups(
  { graph }: AttentionParts,
  { nHeads, nKvHeads }: Heads,
  value: Value,
  queries: Value,
  width: Value,
): Value {
  if (nHeads === nKvHeads) return value
  return graph.node('Reshape', [value, graph.node('Concat', [graph.ints([0, nHeads]), queries, width], { axis: 0 })])
}

/** How much each query takes of each key: products of queries and keys [B, n_heads, T, S], soft-capped and masked, to shares. */
function attentionShares({ graph, nodes, inputs }: AttentionParts, attention: Attention, products: Value): Value {
  const { softcap, sinks, nHeads } = attention
  const capped =
    softcap === null
      ? products
      : graph.node('Mul', [
          graph.node('Tanh', [graph.node('Div', [products, graph.scalar(softcap)])]),
          graph.scalar(softcap),
        ])
  const masked = graph.node('Add', [capped, inputs.maskBias(attention)])
  if (sinks === null) return graph.node('Softmax', [masked], { axis: -1 })
  // one more logit a head, whose share is dropped
  const first = graph.node('Shape', [masked], { start: 0, end: 3 })
  const column = graph.node('Reshape', [nodes.float(sinks), graph.ints([1, nHeads, 1, 1])])
  const shape = graph.node('Concat', [first, graph.ints([1])], { axis: 0 })
  const logits = graph.node('Concat', [masked, graph.node('Expand', [column, shape])], { axis: -1 })
  const all = graph.node('Softmax', [logits], { axis: -1 })
  return graph.node('Slice', [all, graph.ints([0]), graph.ints([-1]), graph.ints([-1])])
}
