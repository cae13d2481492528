import type { Value } from '../onnx/graph-builder.js'
import type { Attention } from '../spec/model-spec.js'
import type { AttentionParts, AttentionValues } from './attention-parts.js'
import { jointAttention, sharedKeys } from './joint-attention.js'

/**
 * Attention of one token a row to keys that all rows share, to the row's own cache [B, n_kv_heads, P, d_head] and to itself, in this order, written
 * out so that caches are only read: the operator would copy them to make room for the token, and what is shared for each row.
 */
export function attendToBuffer(parts: AttentionParts, attention: Attention, given: AttentionValues): Value[] {
  const { graph, nodes, spec, inputs } = parts
  const { nHeads, nKvHeads, dHead } = spec
  const { scale, softcap, window } = attention
  const heads = (value: Value, each: number) => graph.node('Reshape', [value, graph.ints([0, nKvHeads, each, dHead])])
  const [q, k, v] = [heads(given.q, nHeads / nKvHeads), heads(given.k, 1), heads(given.v, 1)]
  const keys = [
    sharedKeys(parts),
    { keys: given.pastK, values: given.pastV, shared: false },
    { keys: k, values: v, shared: false },
  ]
  const sinks = attention.sinks === null ? null : nodes.float(attention.sinks)
  const z = jointAttention(graph, spec, q, keys, { scale, softcap, bias: inputs.maskBias(window), sinks, sizes: null })
  return [z, k, v]
}
