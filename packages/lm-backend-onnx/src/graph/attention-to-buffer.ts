import type { Value } from '../onnx/graph-builder.js'
import type { Attention } from '../spec/model-spec.js'
import type { AttentionParts, AttentionValues } from './attention-parts.js'
import { jointAttention, sharedKeys } from './joint-attention.js'

/**
 * Attention of one token a row to keys that all rows share, to the row's own cache [B, n_kv_heads, P, d_head] and to itself, in this order, written
 * out so that caches are only read: the operator would copy them to make room for the token, and what is shared for each row.
 */
export function attendToBuffer(parts: AttentionParts, attention: Attention, given: AttentionValues): Value[] {
  const { graph, nodes, inputs } = parts
  const { scale, softcap, nHeads, nKvHeads, dHead } = attention
  const heads = (value: Value, each: number) => graph.node('Reshape', [value, graph.ints([0, nKvHeads, each, dHead])])
  const [q, k, v] = [heads(given.q, nHeads / nKvHeads), heads(given.k, 1), heads(given.v, 1)]
  const keys = [
    sharedKeys(parts, attention),
    { keys: given.pastK, values: given.pastV, shared: false },
    { keys: k, values: v, shared: false },
  ]
  const sinks = attention.sinks === null ? null : nodes.float(attention.sinks)
  const bias = inputs.maskBias(attention)
  const z = jointAttention(graph, attention, q, keys, { scale, softcap, bias, sinks, sizes: null })
  return [z, k, v]
}
