import type { Value } from '../onnx/graph-builder.js'
import type { Attention, Norm } from '../spec/model-spec.js'
import { attendInBuffer } from './attention-in-buffer.js'
import { attendByOperator } from './attention-operator.js'
import type { AttentionParts } from './attention-parts.js'
import { attendToBuffer } from './attention-to-buffer.js'
import { attendToShared } from './attention-to-shared.js'
import { attendWrittenOut } from './attention-written-out.js'
import { cacheTensors } from './layer-cache.js'

/** Softmax attention from normed input [B, T, d_model] to hook_z [B, T, n_heads * d_head]. */
export function attentionNodes(parts: AttentionParts, attention: Attention, x: Value): Value {
  const { graph, nodes, spec, inputs } = parts
  const { nHeads, nKvHeads, dHead } = spec
  const { q, k, v, gate } = projections(parts, attention, x)
  const headNorm = (value: Value, heads: number, norm: Norm) => {
    if (attention.queryKeyNorm?.over === 'heads') return nodes.norm(value, norm)
    const perHead = nodes.norm(graph.node('Reshape', [value, graph.ints([0, 0, heads, dHead])]), norm)
    return graph.node('Reshape', [perHead, graph.ints([0, 0, heads * dHead])])
  }
  const prepare = (value: Value, heads: number, norm: Norm | undefined) => {
    const normed = norm === undefined ? value : headNorm(value, heads, norm)
    if (attention.rope === null) return normed
    const { cos, sin, dimensions } = inputs.rotary(attention.rope)
    const partial = dimensions === dHead ? {} : { rotary_embedding_dim: dimensions }
    return graph.node('RotaryEmbedding', [normed, cos, sin], { num_heads: heads, ...partial })
  }
  const z = attend(
    parts,
    attention,
    prepare(q, nHeads, attention.queryKeyNorm?.q),
    prepare(k, nKvHeads, attention.queryKeyNorm?.k),
    v,
  )
  return gate === null ? z : graph.node('Mul', [z, graph.node('Sigmoid', [gate])])
}

/** Queries [B, T, n_heads * d_head], keys and values [B, T, n_kv_heads * d_head], and the gate of the output where there is one. */
function projections(
  { graph, nodes, spec }: AttentionParts,
  { qkv, outputGate }: Attention,
  x: Value,
): { q: Value; k: Value; v: Value; gate: Value | null } {
  const { nHeads, nKvHeads, dHead } = spec
  /** Takes [B, T, heads * sum(widths)] apart head by head. */
  const splitHeads = (value: Value, heads: number, parts: number): Value[] => {
    const perHead = graph.node('Reshape', [value, graph.ints([0, 0, heads, parts * dHead])])
    const widths = graph.ints(Array.from({ length: parts }, () => dHead))
    return graph
      .nodes('Split', [perHead, widths], parts, { axis: -1 })
      .map((part) => graph.node('Reshape', [part, graph.ints([0, 0, heads * dHead])]))
  }
  if ('fused' in qkv) {
    const fused = nodes.linear(x, qkv.fused)
    const sizes = [nHeads * dHead, nKvHeads * dHead, nKvHeads * dHead]
    const [q, k, v] =
      qkv.order === 'by_head'
        ? splitHeads(fused, nHeads, 3)
        : graph.nodes('Split', [fused, graph.ints(sizes)], 3, { axis: -1 })
    return { q: q!, k: k!, v: v!, gate: null }
  }
  const [k, v] = [nodes.linear(x, qkv.k), nodes.linear(x, qkv.v)]
  if (!outputGate) return { q: nodes.linear(x, qkv.q), k, v, gate: null }
  const [q, gate] = splitHeads(nodes.linear(x, qkv.q), nHeads, 2)
  return { q: q!, k, v, gate: gate! }
}

function attend(parts: AttentionParts, attention: Attention, q: Value, k: Value, v: Value): Value {
  const { graph, spec, form, index, decodes, sharesPast } = parts
  const { nKvHeads, dHead } = spec
  if (sharesPast) return attendToShared(parts, attention, { q, k, v })
  const [keyCache, valueCache] = cacheTensors(spec, [index])
  const [pastK, pastV] = [keyCache!, valueCache!].map((cache) =>
    graph.input(cache.past, 'float32', ['B', nKvHeads, 'P', dHead]),
  )
  const values = { q, k, v, pastK: pastK!, pastV: pastV! }
  if (decodes && form.decoding === 'graph_writes') return attendInBuffer(parts, attention, values)
  const attendHere = decodes ? attendToBuffer : form.attention === 'operator' ? attendByOperator : attendWrittenOut
  const [z, presentK, presentV] = attendHere(parts, attention, values)
  graph.output(presentK!, keyCache!.present, 'float32', ['B', nKvHeads, decodes ? 1 : 'S', dHead])
  graph.output(presentV!, valueCache!.present, 'float32', ['B', nKvHeads, decodes ? 1 : 'S', dHead])
  return z!
}
