import type { GraphBuilder, Value } from '../onnx/graph-builder.js'
import type { Heads } from '../spec/model-spec.js'
import type { AttentionParts } from './attention-parts.js'
import { keysLayer } from './hook-sites.js'
import { cacheTensors } from './layer-cache.js'

/** Keys and values [B, n_kv_heads, N, d_head] of each row, or [1, n_kv_heads, N, d_head] that all rows share. N is at least 1. */
export interface KeyPart {
  readonly keys: Value
  readonly values: Value
  readonly shared: boolean
}

/** Of a layer of a graph whose rows share cached tokens: these, which are an input. */
export function sharedKeys({ graph, spec, index }: AttentionParts, { nKvHeads, dHead }: Heads): KeyPart {
  const [keys, values] = cacheTensors(spec, [keysLayer(spec, index)]).map(({ shared }) =>
    graph.inputOnce(shared, 'float32', [1, nKvHeads, 'shared_tokens', dHead]),
  )
  return { keys: keys!, values: values!, shared: true }
}

export interface JointOptions {
  readonly scale: number
  readonly softcap: number | null
  /** float32 [1 or B, 1, T, sum of N]: added to the logits, -Infinity where a key is not attended to. */
  readonly bias: Value
  /** float32 [n_heads]: one more logit per head, which takes its share and gives nothing; null for none. */
  readonly sinks: Value | null
  /** int64 [1] each: T, and the sum of N; null for one token a row. */
  readonly sizes: { readonly queries: Value; readonly keys: Value } | null
}

/**
 * Attention of T tokens a row, queries [B, n_kv_heads, group * T, d_head], to several parts of keys: one softmax over all of them. Keys that rows
 * share are read once, by the queries of all rows in one product. Nothing is copied but logits. Gives [B, T, n_heads * d_head].
 */
export function jointAttention(
  graph: GraphBuilder,
  { nHeads, nKvHeads, dHead }: Heads,
  q: Value,
  parts: readonly KeyPart[],
  { scale, softcap, bias, sinks, sizes }: JointOptions,
): Value {
  const group = nHeads / nKvHeads
  const ofRow = () => [
    graph.ints([nKvHeads, -1]),
    graph.node('Mul', [sizes!.queries, graph.ints([group])]),
    graph.ints([0]),
  ]
  const rowsApart = sizes === null ? graph.ints([nKvHeads, -1, group, 0]) : graph.node('Concat', ofRow(), { axis: 0 })
  // with rows inside of heads, [n_kv_heads, B, group * T, N], the rows of a head are one matrix [B * group * T, N]
  const swap = (value: Value) => graph.node('Transpose', [value], { perm: [1, 0, 2, 3] })
  const together = (value: Value) => graph.node('Reshape', [value, graph.ints([1, nKvHeads, -1, 0])])
  const apart = (value: Value) => graph.node('Reshape', [value, rowsApart])
  const joined = (values: readonly Value[]) =>
    values.length === 1 ? values[0]! : graph.node('Concat', values, { axis: -1 })

  const scaled = graph.node('Mul', [q, graph.scalar(scale)])
  const products = parts.map(({ keys, shared }) => {
    const columns = graph.node('Transpose', [keys], { perm: [0, 1, 3, 2] })
    return shared
      ? apart(graph.node('MatMul', [together(swap(scaled)), columns]))
      : swap(graph.node('MatMul', [scaled, columns]))
  })
  const raw = joined(products)
  const capped =
    softcap === null
      ? raw
      : graph.node('Mul', [
          graph.node('Tanh', [graph.node('Div', [raw, graph.scalar(softcap)])]),
          graph.scalar(softcap),
        ])
  const masked =
    sizes === null || group === 1 ? biased(capped, [1, -1, sizes === null ? 1 : 0, 0]) : biasedGroups(capped, sizes)
  const shares = graph.node('Softmax', [sinks === null ? masked : joined([masked, sinkColumn(masked, sinks)])], {
    axis: -1,
  })
  const lengths = parts.map(({ keys }) => graph.node('Shape', [keys], { start: 2, end: 3 }))
  const widths = graph.node('Concat', sinks === null ? lengths : [...lengths, graph.ints([1])], { axis: 0 })
  const split = graph.nodes('Split', [shares, widths], parts.length + (sinks === null ? 0 : 1), { axis: -1 })
  const found = parts.map(({ values, shared }, part) => {
    const weights = split[part]!
    return shared
      ? swap(apart(graph.node('MatMul', [together(weights), values])))
      : graph.node('MatMul', [swap(weights), values])
  })
  const z = found.reduce((sum, value) => graph.node('Add', [sum, value]))
  if (sizes === null) return graph.node('Reshape', [z, graph.ints([0, 1, nHeads * dHead])])
  const heads = graph.node('Concat', [graph.ints([0, nHeads]), sizes.queries, graph.ints([dHead])], { axis: 0 })
  const perToken = graph.node('Transpose', [graph.node('Reshape', [z, heads])], { perm: [0, 2, 1, 3] })
  return graph.node('Reshape', [perToken, graph.ints([0, 0, nHeads * dHead])])

  /** The mask as [1, B, T, N], added to logits of one token a row, or of one query a head. */
  function biased(logits: Value, shape: readonly number[]): Value {
    return graph.node('Add', [logits, graph.node('Reshape', [bias, graph.ints(shape)])])
  }

  /** Added to logits of several tokens and queries: one mask for all queries of a group. */
  function biasedGroups(logits: Value, { queries, keys }: NonNullable<JointOptions['sizes']>): Value {
    const apart = graph.node('Concat', [graph.ints([nKvHeads, 0, group]), queries, keys], { axis: 0 })
    const masks = graph.node('Unsqueeze', [bias, graph.ints([0])])
    const sum = graph.node('Add', [graph.node('Reshape', [logits, apart]), masks])
    return graph.node('Reshape', [sum, graph.node('Concat', [graph.ints([nKvHeads, 0, -1]), keys], { axis: 0 })])
  }

  /** [n_heads] as the last column [n_kv_heads, B, group * T, 1] of logits. */
  function sinkColumn(logits: Value, values: Value): Value {
    const perHead = graph.node('Reshape', [values, graph.ints([nKvHeads, 1, group, 1])])
    const rows = graph.node('Shape', [logits], { start: 1, end: 2 })
    const tokens = sizes === null ? graph.ints([1]) : sizes.queries
    const shape = graph.node('Concat', [graph.ints([1]), rows, graph.ints([1]), tokens], { axis: 0 })
    const all = graph.node('Expand', [perHead, shape])
    return sizes === null ? all : graph.node('Reshape', [all, graph.ints([nKvHeads, 0, -1, 1])])
  }
}
