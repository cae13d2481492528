import type { Value } from '../onnx/graph-builder.js'
import type { Attention } from '../spec/model-spec.js'
import type { AttentionParts, AttentionValues } from './attention-parts.js'
import { jointAttention } from './joint-attention.js'

/**
 * Attention of one token a row to a cache [B, n_kv_heads, P, d_head] and to itself, written out so that the cache is only read: the
 * operator would copy it to make room for the token. Keys and values are those of n_heads / n_kv_heads neighbouring heads.
 */
export function attendToBuffer(
  { graph, nodes, spec, inputs }: AttentionParts,
  attention: Attention,
  given: AttentionValues,
): Value[] {
  const { nHeads, nKvHeads, dHead } = spec
  const { scale, softcap, window } = attention
  const heads = (value: Value, each: number) => graph.node('Reshape', [value, graph.ints([0, nKvHeads, each, dHead])])
  const [q, k, v] = [heads(given.q, nHeads / nKvHeads), heads(given.k, 1), heads(given.v, 1)]
  const parts = [
    { keys: given.pastK, values: given.pastV, shared: false },
    { keys: k, values: v, shared: false },
  ]
  const sinks = attention.sinks === null ? null : nodes.float(attention.sinks)
  const z = jointAttention(graph, spec, q, parts, { scale, softcap, bias: inputs.maskBias(window), sinks })
  return [z, k, v]
}
