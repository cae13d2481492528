import type { GraphBuilder, Value } from '../onnx/graph-builder.js'
import type { Attention, ModelSpec, Norm } from '../spec/model-spec.js'
import { type Rope, ropeTable } from '../spec/rope.js'
import { bodyNames } from './body-inputs.js'
import { jointAttention } from './joint-attention.js'
import { cacheTensors } from './layer-cache.js'
import type { WeightNodes } from './weight-nodes.js'

/** The graph inputs that attention layers share; each is declared when the first of them needs it. */
export interface AttentionInputs {
  /** bool [1 or B, 1, T, S]: the mask, narrowed to a window; built once per window size. */
  mask(window: number | null): Value
  /** float32 of the same shape: 0 where the mask is true, else -Infinity. */
  maskBias(window: number | null): Value
  /** cos and sin [B, T, pairs]; built once per kind of rotary embedding. */
  rotary(rope: Rope): { readonly cos: Value; readonly sin: Value; readonly dimensions: number }
}

/** The graph input is declared once, by whichever part needs it first. */
export function positionsInput(graph: GraphBuilder): Value {
  return graph.inputOnce(bodyNames.positions, 'int64', ['B', 'T'])
}

export function attentionInputs(graph: GraphBuilder, spec: ModelSpec): AttentionInputs {
  const once = <Key, Made>(make: (key: Key) => Made) => {
    const made = new Map<string, Made>()
    return (key: Key): Made => {
      const text = JSON.stringify(key)
      const value = made.get(text) ?? make(key)
      made.set(text, value)
      return value
    }
  }
  const mask = once((window: number | null) => {
    const whole = graph.inputOnce(bodyNames.mask, 'bool', ['mask_rows', 1, 'T', 'S'])
    if (window === null) return whole
    // distance = query position - key position; a window of w sees distances below w
    const queries = graph.node('Unsqueeze', [positionsInput(graph), graph.ints([1, 3])])
    const keyPositions = graph.inputOnce(bodyNames.keyPositions, 'int64', ['B', 'S'])
    const keys = graph.node('Unsqueeze', [keyPositions, graph.ints([1, 2])])
    const near = graph.node('Less', [graph.node('Sub', [queries, keys]), graph.ints([window], [])])
    return graph.node('And', [whole, near])
  })
  return {
    mask,
    maskBias: once((window: number | null) =>
      graph.node('Where', [mask(window), graph.scalar(0), graph.scalar(Number.NEGATIVE_INFINITY)]),
    ),
    rotary: once((rope: Rope) => rotaryTables(graph, spec.dHead, rope)),
  }
}

/** cos and sin of position times frequency, computed from the positions so that any position works. */
function rotaryTables(graph: GraphBuilder, dHead: number, rope: Rope) {
  const { frequencies, scale } = ropeTable(rope, dHead)
  const positions = graph.node('Cast', [graph.node('Unsqueeze', [positionsInput(graph), graph.ints([2])])], { to: 1 })
  const angles = graph.node('Mul', [positions, graph.floats(frequencies, [1, 1, frequencies.length])])
  const scaled = (value: Value) => (scale === 1 ? value : graph.node('Mul', [value, graph.scalar(scale)]))
  return {
    cos: scaled(graph.node('Cos', [angles])),
    sin: scaled(graph.node('Sin', [angles])),
    dimensions: 2 * frequencies.length,
  }
}

export interface AttentionParts {
  readonly graph: GraphBuilder
  readonly nodes: WeightNodes
  readonly spec: ModelSpec
  readonly index: number
  readonly inputs: AttentionInputs
  /** As in BodyOptions. */
  readonly decodes: boolean
}

/** Softmax attention from normed input [B, T, d_model] to hook_z [B, T, n_heads * d_head]. */
export function attentionNodes(parts: AttentionParts, attention: Attention, x: Value): Value {
  const { graph, nodes, spec, inputs } = parts
  const { nHeads, nKvHeads, dHead } = spec
  const { q, k, v, gate } = projections(parts, attention, x)
  const headNorm = (value: Value, heads: number, norm: Norm) => {
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
  const { graph, spec, index, inputs } = parts
  const { nHeads, nKvHeads, dHead } = spec
  const { scale, softcap, window } = attention
  const [keyCache, valueCache] = cacheTensors(spec, [index])
  const [pastK, pastV] = [keyCache!, valueCache!].map((cache) =>
    graph.input(cache.past, 'float32', ['B', nKvHeads, 'P', dHead]),
  )
  if (parts.decodes) {
    const [z, newK, newV] = attendToBuffer(parts, attention, { q, k, v, pastK: pastK!, pastV: pastV! })
    graph.output(newK!, keyCache!.present, 'float32', ['B', nKvHeads, 1, dHead])
    graph.output(newV!, valueCache!.present, 'float32', ['B', nKvHeads, 1, dHead])
    return z!
  }
  const attributes = {
    q_num_heads: nHeads,
    kv_num_heads: nKvHeads,
    scale: { float: scale },
    ...(softcap === null ? {} : { softcap: { float: softcap } }),
  }
  // from a boolean mask, onnxruntime would make the same numbers in every layer anew
  const [z, presentK, presentV] =
    attention.sinks === null
      ? graph.nodes('Attention', [q, k, v, inputs.maskBias(window), pastK!, pastV!], 3, attributes)
      : attendWithSinks(parts, attention, { q, k, v, pastK: pastK!, pastV: pastV!, sinks: attention.sinks })
  graph.output(presentK!, keyCache!.present, 'float32', ['B', nKvHeads, 'S', dHead])
  graph.output(presentV!, valueCache!.present, 'float32', ['B', nKvHeads, 'S', dHead])
  return z!
}

/**
 * Attention whose softmax has one more logit per head and drops its share. The sink is a key of zeros, whose logit is what the mask adds
 * there, with a value of zeros.
 */
function attendWithSinks(
  { graph, nodes, spec, inputs }: AttentionParts,
  { scale, window }: Attention,
  given: { q: Value; k: Value; v: Value; pastK: Value; pastV: Value; sinks: string },
): Value[] {
  const { nHeads, nKvHeads, dHead } = spec
  const perHead = (value: Value, heads: number) =>
    graph.node('Transpose', [graph.node('Reshape', [value, graph.ints([0, 0, heads, dHead])])], { perm: [0, 2, 1, 3] })
  const grown = (past: Value, value: Value) => graph.node('Concat', [past, perHead(value, nKvHeads)], { axis: 2 })
  const [presentK, presentV] = [grown(given.pastK, given.k), grown(given.pastV, given.v)]
  const withZero = (present: Value) =>
    graph.node('Pad', [present, graph.ints([0, 0, 0, 0, 0, 0, 1, 0]), graph.scalar(0)])
  const q = perHead(given.q, nHeads)
  const bias = inputs.maskBias(window)
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

/**
 * Attention of one token a row to a cache [B, n_kv_heads, P, d_head] and to itself, written out so that the cache is only read: the
 * operator would copy it to make room for the token. Keys and values are those of n_heads / n_kv_heads neighbouring heads.
 */
function attendToBuffer(
  { graph, nodes, spec, inputs }: AttentionParts,
  attention: Attention,
  given: { q: Value; k: Value; v: Value; pastK: Value; pastV: Value },
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
