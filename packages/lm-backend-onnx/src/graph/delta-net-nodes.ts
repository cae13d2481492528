import type { GraphBuilder, Value } from '../onnx/graph-builder.js'
import type { DeltaNet } from '../spec/model-spec.js'
import type { AttentionParts } from './attention-parts.js'
import { bodyNames } from './body-inputs.js'
import { cacheTensors } from './layer-cache.js'

// added to the square of a vector's length before its root, as in the reference
const lengthEpsilon = 1e-6

/**
 * Gated delta-net (https://arxiv.org/abs/2412.06464) from normed input [B, T, d_model] to hook_z [B, T, n_value_heads * d_value]. Each
 * value head keeps a state S [d_key, d_value]; token t does S <- exp(g) S, S <- S + k (beta (v - k S)), o = q S. Padding at the end
 * of a row leaves the state as it is.
 */
export function deltaNetNodes(parts: AttentionParts, layer: DeltaNet, x: Value): Value {
  const { graph, nodes, spec, index } = parts
  const { nKeyHeads, nValueHeads, dKey, dValue } = layer
  const ends = rowEnds(parts)
  const mixed = convolution(parts, layer, nodes.linear(x, layer.qkv), ends)
  const sizes = [nKeyHeads * dKey, nKeyHeads * dKey, nValueHeads * dValue]
  const [q, k, v] = graph.nodes('Split', [mixed, graph.ints(sizes)], 3, { axis: -1 })

  // beta = 0 and a decay of exp(0) change nothing
  const real = ends.real(x)
  const beta = graph.node('Mul', [graph.node('Sigmoid', [nodes.linear(x, layer.beta)]), real])
  const { linear, log, bias } = layer.decay
  const step = softplus(parts, graph.node('Add', [nodes.linear(x, linear), nodes.float(bias)]))
  const rate = graph.node('Neg', [graph.node('Exp', [nodes.float(log)])])
  const decay = graph.node('Mul', [graph.node('Mul', [rate, step]), real])

  const [, stateCache] = cacheTensors(spec, [index])
  const stateShape = ['B', nValueHeads, dKey, dValue]
  const past = graph.input(stateCache!.past, 'float32', stateShape)
  const [o, present] = graph.nodes(
    'com.microsoft.LinearAttention',
    [unitHeads(graph, layer, q!), unitHeads(graph, layer, k!), v!, past, decay, beta],
    2,
    {
      q_num_heads: nValueHeads,
      kv_num_heads: nValueHeads,
      update_rule: 'gated_delta',
      scale: { float: dKey ** -0.5 },
    },
  )
  graph.output(present!, stateCache!.present, 'float32', stateShape)

  const { epsilon } = spec.norm
  const perHead = graph.node('Reshape', [o!, graph.ints([0, 0, nValueHeads, dValue])])
  const normed = graph.node('RMSNormalization', [perHead, nodes.float(layer.norm.weight)], {
    axis: -1,
    epsilon: { float: epsilon },
  })
  const flat = graph.node('Reshape', [normed, graph.ints([0, 0, nValueHeads * dValue])])
  return graph.node('Mul', [flat, nodes.activation(nodes.linear(x, layer.gate), 'silu')])
}

/** Causal convolution of every channel over the last `kernel` tokens, then SiLU. */
function convolution({ graph, nodes, spec, index }: AttentionParts, layer: DeltaNet, x: Value, ends: RowEnds): Value {
  const { kernel, qkv } = layer
  const channels = qkv.outFeatures
  const [cache] = cacheTensors(spec, [index])
  const cacheShape = ['B', kernel - 1, channels]
  const all = graph.node('Concat', [graph.input(cache!.past, 'float32', cacheShape), x], { axis: 1 })
  const present = graph.node('GatherND', [all, ends.last(kernel)], { batch_dims: 1 })
  graph.output(present, cache!.present, 'float32', cacheShape)

  const filters = graph.node(
    'Transpose',
    [graph.node('Reshape', [nodes.float(layer.convolution), graph.ints([channels, kernel])])],
    { perm: [1, 0] },
  )
  const terms = Array.from({ length: kernel }, (_, i) => {
    const end = graph.ints([i === kernel - 1 ? Number.MAX_SAFE_INTEGER : i - kernel + 1])
    const shifted = graph.node('Slice', [all, graph.ints([i]), end, graph.ints([1])])
    return graph.node('Mul', [shifted, graph.node('Gather', [filters, graph.ints([i], [])], { axis: 0 })])
  })
  return nodes.activation(
    terms.reduce((sum, term) => graph.node('Add', [sum, term])),
    'silu',
  )
}

/** Heads [B, T, n_key_heads * d_key] at length 1, each repeated for the value heads that share it. */
function unitHeads(graph: GraphBuilder, { nKeyHeads, nValueHeads, dKey }: DeltaNet, value: Value): Value {
  const perHead = graph.node('Reshape', [value, graph.ints([0, 0, nKeyHeads, 1, dKey])])
  const squares = graph.node('ReduceSum', [graph.node('Mul', [perHead, perHead]), graph.ints([-1])], { keepdims: 1 })
  const length = graph.node('Sqrt', [graph.node('Add', [squares, graph.scalar(lengthEpsilon)])])
  const unit = graph.node('Div', [perHead, length])
  const repeated = graph.node('Expand', [unit, graph.ints([1, 1, 1, nValueHeads / nKeyHeads, 1])])
  return graph.node('Reshape', [repeated, graph.ints([0, 0, nValueHeads * dKey])])
}

/** log(1 + exp(x)) = max(x, 0) + log1p(exp(-|x|)); log1p after Kahan: what 1 + e rounds away is put back by a ratio. */
function softplus({ graph, form }: AttentionParts, x: Value): Value {
  if (form.softplus === 'operator') return graph.node('Softplus', [x])
  const one = graph.scalar(1)
  const e = graph.node('Exp', [graph.node('Neg', [graph.node('Abs', [x])])])
  const sum = graph.node('Add', [e, one])
  const added = graph.node('Sub', [sum, one])
  const isNothing = graph.node('Equal', [added, graph.scalar(0)])
  const ratio = graph.node('Div', [e, graph.node('Where', [isNothing, one, added])])
  const log1p = graph.node('Where', [isNothing, e, graph.node('Mul', [graph.node('Log', [sum]), ratio])])
  return graph.node('Add', [graph.node('Relu', [x]), log1p])
}

/** Where the tokens of each row end and its padding begins. */
interface RowEnds {
  /** Places of the last tokens, the cache of the convolution before them: int64 [B, kernel - 1, 1]. */
  last(kernel: number): Value
  /** float32 [B, T, 1]: 1 for tokens, 0 for padding. */
  real(x: Value): Value
}

function rowEnds({ graph, form }: AttentionParts): RowEnds {
  if (form.comparisons === 'float32')
    return {
      last: (kernel) => graph.inputOnce(bodyNames.lastTokens, 'int64', ['B', kernel - 1, 1]),
      real: () => graph.inputOnce(bodyNames.real, 'float32', ['B', 'T', 1]),
    }
  const lengths = graph.inputOnce(bodyNames.lengths, 'int64', ['B'])
  return {
    last: (kernel) => {
      const offsets = graph.ints(Array.from({ length: kernel - 1 }, (_, i) => i))
      const last = graph.node('Add', [graph.node('Unsqueeze', [lengths, graph.ints([1])]), offsets])
      return graph.node('Unsqueeze', [last, graph.ints([2])])
    },
    real: (x) => {
      const columns = graph.node('Gather', [graph.node('Shape', [x]), graph.ints([1], [])])
      const indices = graph.node('Range', [graph.ints([0], []), columns, graph.ints([1], [])])
      const before = graph.node('Less', [indices, graph.node('Unsqueeze', [lengths, graph.ints([1])])])
      return graph.node('Unsqueeze', [graph.node('Cast', [before], { to: 1 }), graph.ints([2])])
    },
  }
}
