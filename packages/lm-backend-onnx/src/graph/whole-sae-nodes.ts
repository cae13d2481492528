import type { RuntimeNormalization } from '@saeval/sae-core'
import type { GraphBuilder, Value } from '../onnx/graph-builder.js'
import { wholeInputs } from './edit-inputs.js'
import type { SaeReplacementShape, WholeShape } from './edit-shape.js'
import { float32Numbers } from './float32-numbers.js'
import type { GraphForm } from './graph-form.js'
import { lowestOfLargest, topValue } from './largest-nodes.js'

/** Nodes that compute all latents of an SAE, whose matrices are graph inputs. */
export interface WholeNodes {
  /** Pre-activations of the slots' latents ([R, 1, 1, m] of the type in which the form compares) that are among those that stay, else 0: [batch, pos, m]. */
  members(scaled: Value, width: number, whole: WholeShape, latents: Value): Value
  /** D(E(x)) [batch, pos, d] */
  reconstruct(x: Value, width: number, d: number, saeReplacement: SaeReplacementShape): Value
}

export function wholeNodes(graph: GraphBuilder, { comparisons, largest: how }: GraphForm): WholeNodes {
  const preActivations = new Map<string, Value>()
  /** p [batch, pos, d_sae]; once for each input and SAE */
  const all = (scaled: Value, width: number, { key, dSae }: WholeShape): Value => {
    const known = preActivations.get(`${scaled} ${key}`)
    if (known !== undefined) return known
    const names = wholeInputs(key)
    const value = graph.node('Add', [
      graph.node('MatMul', [scaled, graph.inputOnce(names.encoder, 'float32', [width, dSae])]),
      graph.inputOnce(names.bias, 'float32', [dSae]),
    ])
    preActivations.set(`${scaled} ${key}`, value)
    return value
  }
  /** float32 [d_sae]: 0, 1, ... */
  const latentNumbers = (dSae: number) => float32Numbers(graph).ofRange(graph.ints([dSae]))
  /** The largest pre-activations and which latents they are: [batch, pos, count] each. */
  const largest = (p: Value, { dSae, membership }: WholeShape): [Value, Value] => {
    if (membership.kind === 'all') throw new Error('an SAE without membership has no largest latents')
    const { count } = membership
    if (membership.kind === 'topk')
      return graph.nodes('TopK', [p, graph.ints([count])], 2, { axis: -1, sorted: 0 }) as [Value, Value]
    const groups = graph.node('Reshape', [p, graph.ints([0, 0, count, dSae / count])])
    if (how === 'topk') return largestByTopK(graph, groups, latentNumbers(dSae), dSae, count)
    const starts = Array.from({ length: count }, (_, group) => (group * dSae) / count)
    const indices = graph.node('ArgMax', [groups], { axis: -1, keepdims: 0 })
    return [
      graph.node('ReduceMax', [groups, graph.ints([-1])], { keepdims: 0 }),
      graph.node('Add', [indices, graph.ints(starts, [1, 1, count])]),
    ]
  }
  const activations = (scaled: Value, width: number, whole: WholeShape): Value => {
    const p = all(scaled, width, whole)
    let kept = p
    if (whole.membership.kind !== 'all') {
      const [values, indices] = largest(p, whole)
      const zeros = graph.node('Mul', [p, graph.scalar(0)])
      kept = graph.node('ScatterElements', [zeros, indices, values], { axis: -1 })
    }
    const threshold = graph.inputOnce(wholeInputs(whole.key).threshold, 'float32', [whole.dSae])
    return graph.node('Where', [graph.node('Greater', [kept, threshold]), kept, graph.scalar(0)])
  }
  return {
    members: (scaled, width, whole, latents) => {
      const [values, indices] = largest(all(scaled, width, whole), whole)
      const last = graph.ints([3])
      const found =
        comparisons === 'int64' ? indices : graph.node('Gather', [latentNumbers(whole.dSae), indices], { axis: 0 })
      const isSlot = graph.node('Equal', [graph.node('Unsqueeze', [found, last]), latents])
      const picked = graph.node('Mul', [
        graph.node('Cast', [isSlot], { to: 1 }),
        graph.node('Unsqueeze', [values, last]),
      ])
      return graph.node('ReduceSum', [picked, graph.ints([2])], { keepdims: 0 })
    },
    reconstruct: (x, width, d, { normalization, scalesOutput, restoresMean, whole }) => {
      const { scaled, scale, mean } = normalizeNodes(graph, x, width, normalization)
      const names = wholeInputs(whole.key)
      const decoded = graph.node('Add', [
        graph.node('MatMul', [
          activations(scaled, width, whole),
          graph.inputOnce(names.decoder, 'float32', [whole.dSae, d]),
        ]),
        graph.inputOnce(names.decoderBias, 'float32', [d]),
      ])
      const back = scalesOutput && scale !== null ? graph.node('Mul', [decoded, scale]) : decoded
      return restoresMean && mean !== null ? graph.node('Add', [back, mean]) : back
    },
  }
}

/** The largest of each group [batch, pos, count, n] and which latent it is, the lowest of equal ones. */
function largestByTopK(
  graph: GraphBuilder,
  groups: Value,
  numbers: Value,
  dSae: number,
  count: number,
): [Value, Value] {
  const last = graph.ints([-1])
  const max = topValue(graph, groups, -1)
  const ids = graph.node('Reshape', [numbers, graph.ints([1, 1, count, dSae / count])])
  const latents = lowestOfLargest(graph, graph.node('Equal', [groups, max]), ids, -1)
  const flat = (value: Value) => graph.node('Squeeze', [value, last])
  return [flat(max), graph.node('Cast', [flat(latents)], { to: 7 })]
}

/** An activation in the SAE's units, and what takes its output back: s(x) and the mean, [batch, pos, 1] (null = 1 and 0). */
export interface NormalizedNodes {
  readonly scaled: Value
  readonly scale: Value | null
  readonly mean: Value | null
}

/** SAELens' run-time normalisations. */
export function normalizeNodes(graph: GraphBuilder, x: Value, d: number, kind: RuntimeNormalization): NormalizedNodes {
  const axis = graph.ints([-1])
  switch (kind) {
    case 'none':
      return { scaled: x, scale: null, mean: null }
    case 'layer_norm': {
      // (x - mean) / (std + 1e-5) with the unbiased std; the output is multiplied by std alone
      const mean = graph.node('ReduceMean', [x, axis])
      const centred = graph.node('Sub', [x, mean])
      const squares = graph.node('ReduceSum', [graph.node('Mul', [centred, centred]), axis])
      const std = graph.node('Sqrt', [graph.node('Div', [squares, graph.scalar(d - 1)])])
      const scaled = graph.node('Div', [centred, graph.node('Add', [std, graph.scalar(1e-5)])])
      return { scaled, scale: std, mean }
    }
    case 'constant_norm_rescale': {
      // x * sqrt(d) / |x|; the output is divided by that factor
      const length = graph.node('Sqrt', [graph.node('ReduceSum', [graph.node('Mul', [x, x]), axis])])
      const back = graph.node('Div', [length, graph.scalar(Math.sqrt(d))])
      return { scaled: graph.node('Div', [x, back]), scale: back, mean: null }
    }
  }
}
