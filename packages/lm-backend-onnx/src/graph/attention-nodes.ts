import type { Value } from '../onnx/graph-builder.js'
import type { Attention, HeadNorm } from '../spec/model-spec.js'
import { attendInBuffer } from './attention-in-buffer.js'
import { attendByOperator } from './attention-operator.js'
import type { AttentionParts } from './attention-parts.js'
import { attendToBuffer } from './attention-to-buffer.js'
import { attendToShared } from './attention-to-shared.js'
import { attendWrittenOut } from './attention-written-out.js'
import { keysLayer } from './hook-sites.js'
import { cacheTensors } from './layer-cache.js'

/** Keys and values [B, T, n_kv_heads * d_head] of new tokens, normed and rotated. */
export interface KeysAndValues {
  readonly k: Value
  readonly v: Value
}

/**
 * Softmax attention from normed input [B, T, d_model] to hook_z [B, T, n_heads * d_head], and its keys and values. `given` are those of another layer,
 * where it attends to them.
 */
export function attentionNodes(
  parts: AttentionParts,
  attention: Attention,
  x: Value,
  given: KeysAndValues | null,
): KeysAndValues & { readonly z: Value } {
  const { graph, inputs } = parts
  const { nHeads, nKvHeads, queryKeyNorm, temperature } = attention
  const { q, gate, own } = projections(parts, attention, x)
  const queries = prepared(parts, attention, q, nHeads, queryKeyNorm?.q ?? null)
  const tempered = temperature === null ? queries : graph.node('Mul', [queries, inputs.temperature(temperature)])
  const { k, v } = given ?? {
    k: prepared(parts, attention, own!.k, nKvHeads, queryKeyNorm?.k ?? null),
    v: attention.valueNorm ? headNorm(parts, attention, own!.v, nKvHeads, 'no_weight') : own!.v,
  }
  const z = attend(parts, attention, tempered, k, v)
  return { z: gate === null ? z : graph.node('Mul', [z, graph.node('Sigmoid', [gate])]), k, v }
}

/** Queries or keys, normed and rotated. */
function prepared(
  parts: AttentionParts,
  attention: Attention,
  value: Value,
  heads: number,
  norm: HeadNorm | null,
): Value {
  const { graph, inputs } = parts
  const { rope, dHead, queryKeyNorm } = attention
  const normed = (given: Value) => (norm === null ? given : headNorm(parts, attention, given, heads, norm))
  const rotated = (given: Value) => {
    if (rope === null) return given
    const { cos, sin, dimensions } = inputs.rotary({ rope, dHead })
    return graph.node('RotaryEmbedding', [given, cos, sin], {
      num_heads: heads,
      ...(dimensions === dHead ? {} : { rotary_embedding_dim: dimensions }),
      ...(rope.pairs === 'neighbours' ? { interleaved: 1 } : {}),
    })
  }
  return queryKeyNorm?.after === 'rotation' ? normed(rotated(value)) : rotated(normed(value))
}

/** RMS norm of [B, T, heads * d_head], over each head or over all of them. */
function headNorm(
  { graph, nodes }: AttentionParts,
  { queryKeyNorm, dHead }: Attention,
  value: Value,
  heads: number,
  norm: HeadNorm,
): Value {
  const normed = (given: Value, width: number) =>
    norm === 'no_weight' ? nodes.normalize(given, width) : nodes.norm(given, norm)
  if (queryKeyNorm?.over === 'heads') return normed(value, heads * dHead)
  const perHead = normed(graph.node('Reshape', [value, graph.ints([0, 0, heads, dHead])]), dHead)
  return graph.node('Reshape', [perHead, graph.ints([0, 0, heads * dHead])])
}

/** Queries [B, T, n_heads * d_head], the gate of the output where there is one, and the layer's own keys and values where it has them. */
function projections(
  { graph, nodes }: AttentionParts,
  { qkv, outputGate, nHeads, nKvHeads, dHead }: Attention,
  x: Value,
): { q: Value; gate: Value | null; own: KeysAndValues | null } {
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
    return { q: q!, gate: null, own: { k: k!, v: v! } }
  }
  const own = 'keysOf' in qkv ? null : keysAndValues(qkv)
  if (!outputGate) return { q: nodes.linear(x, qkv.q), gate: null, own }
  const [q, gate] = splitHeads(nodes.linear(x, qkv.q), nHeads, 2)
  return { q: q!, gate: gate!, own }

  function keysAndValues({ k, v }: Extract<Attention['qkv'], { readonly k: unknown }>): KeysAndValues {
    const keys = nodes.linear(x, k)
    return { k: keys, v: v === null ? keys : nodes.linear(x, v) }
  }
}

function attend(parts: AttentionParts, attention: Attention, q: Value, k: Value, v: Value): Value {
  const { graph, spec, form, index, decodes, sharesPast, cached } = parts
  const { nKvHeads, dHead } = attention
  if (sharesPast) return attendToShared(parts, attention, { q, k, v })
  const layer = keysLayer(spec, index)
  const [keyCache, valueCache] = cacheTensors(spec, [layer])
  const [pastK, pastV] = [keyCache!, valueCache!].map((cache) =>
    graph.inputOnce(cache.past, 'float32', ['B', nKvHeads, 'P', dHead]),
  )
  const values = { q, k, v, pastK: pastK!, pastV: pastV! }
  if (decodes && form.decoding === 'graph_writes') return attendInBuffer(parts, attention, values)
  const attendHere = decodes ? attendToBuffer : form.attention === 'operator' ? attendByOperator : attendWrittenOut
  const [z, presentK, presentV] = attendHere(parts, attention, values)
  if (!cached.has(layer)) {
    graph.output(presentK!, keyCache!.present, 'float32', ['B', nKvHeads, decodes ? 1 : 'S', dHead])
    graph.output(presentV!, valueCache!.present, 'float32', ['B', nKvHeads, decodes ? 1 : 'S', dHead])
  }
  cached.add(layer)
  return z!
}
