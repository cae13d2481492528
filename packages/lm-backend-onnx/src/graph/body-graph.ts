import { GraphBuilder, type Value } from '../onnx/graph-builder.js'
import type { ModelSpec, Norm } from '../spec/model-spec.js'
import { type Rope, ropeFrequencies } from '../spec/rope.js'
import type { ModelWeights } from '../weights/model-weights.js'
import { applyStages } from './edit-nodes.js'
import type { EditShape } from './edit-shape.js'
import { modelSteps, type Step } from './hook-sites.js'
import { type WeightNodes, weightNodes } from './weight-nodes.js'

/** Which part of the forward pass a graph computes. */
export interface BodyOptions {
  readonly spec: ModelSpec
  readonly weights: ModelWeights
  /** Steps [from, to) of modelSteps(spec). The graph starts from token ids when from is 0, else from the state at that cut. */
  readonly from: number
  readonly to: number
  /** Edits to leave room for; hook points outside [from, to) are not allowed. */
  readonly edits: EditShape
  /** Hook points whose activation, edits applied, becomes an output of the same name. */
  readonly captures: readonly string[]
}

/** Names of the graph's inputs and outputs. B = batch, T = new tokens, P = cached tokens, S = P + T. */
export const bodyNames = {
  /** int64 [B, T] */
  tokens: 'tokens',
  /** int64 [B, T]: position of each token in its own text */
  positions: 'positions',
  /** int64 [B, S]: positions of cached and new tokens (models with sliding windows) */
  keyPositions: 'key_positions',
  /** bool [1 or B, 1, T, S]: which keys a token may attend to, sliding windows aside */
  mask: 'mask',
  /** int64 [N]: index b * T + t of the hidden states wanted (last segment) */
  gather: 'gather',
  /** float32 [N, d_model]: residual stream before the final norm (last segment) */
  hidden: 'hidden',
  /** float32 [B, T, d_model] and [B, T, width]: the state at a cut */
  residual: (side: 'in' | 'out') => `residual.${side}`,
  branch: (side: 'in' | 'out') => `branch.${side}`,
  /** float32 [B, n_kv_heads, P, d_head] and [B, n_kv_heads, S, d_head] */
  past: (layer: number, which: 'k' | 'v') => `past.${layer}.${which}`,
  present: (layer: number, which: 'k' | 'v') => `present.${layer}.${which}`,
} as const

/** Layers whose keys and values a graph of these steps takes and returns. */
export function cachedLayers(steps: readonly Step[]): number[] {
  return steps.filter((step) => step.part === 'attention').map((step) => step.layer)
}

/** Whether any layer of the model attends through a sliding window, so that key positions are needed. */
export function hasWindows(spec: ModelSpec): boolean {
  return Array.from({ length: spec.nLayers }, (_, index) => spec.layer(index).window).some((window) => window !== null)
}

/** The transformer's body: token ids to hidden states, or any stretch of it, with room for edits at the hook points asked for. */
export function bodyGraph(options: BodyOptions): Uint8Array {
  const { spec, weights, from, to, edits, captures } = options
  const graph = new GraphBuilder()
  const nodes = weightNodes(graph, spec, weights)
  const steps = modelSteps(spec).slice(from, to)
  const last = to === modelSteps(spec).length
  const attention = steps.some((step) => step.part === 'attention') ? attentionInputs(graph, spec) : null
  const startsOnBranch = from > 0 && modelSteps(spec)[from - 1]!.on === 'branch'

  let residual: Value = from === 0 ? '' : graph.input(bodyNames.residual('in'), 'float32', ['B', 'T', spec.dModel])
  let branch: Value | null = startsOnBranch
    ? graph.input(bodyNames.branch('in'), 'float32', ['B', 'T', modelSteps(spec)[from - 1]!.width])
    : null

  for (const step of steps) {
    const layer = spec.layer(step.layer)
    switch (step.part) {
      case 'embed': {
        const rows = nodes.lookup(spec.embedding.weight, graph.input(bodyNames.tokens, 'int64', ['B', 'T']))
        residual = spec.embedding.scale === null ? rows : graph.node('Mul', [rows, graph.scalar(spec.embedding.scale)])
        break
      }
      case 'enter':
        if (step.layer === 0 && spec.embedding.positions !== null) {
          residual = graph.node('Add', [residual, nodes.lookup(spec.embedding.positions, positionsInput(graph))])
        }
        break
      case 'attention':
        branch = attentionNodes(graph, nodes, spec, step.layer, nodes.norm(residual, layer.attentionNorm), attention!)
        break
      case 'attention_output': {
        const projected = nodes.linear(branch!, layer.attentionOutput)
        branch = layer.postAttentionNorm === null ? projected : nodes.norm(projected, layer.postAttentionNorm)
        break
      }
      case 'mlp': {
        const { up, gate, down, activation } = layer.mlp
        const x = nodes.norm(residual, layer.mlpNorm)
        const inner =
          gate === null
            ? nodes.activation(nodes.linear(x, up), activation)
            : graph.node('Mul', [nodes.activation(nodes.linear(x, gate), activation), nodes.linear(x, up)])
        const projected = nodes.linear(inner, down)
        branch = layer.postMlpNorm === null ? projected : nodes.norm(projected, layer.postMlpNorm)
        break
      }
      case 'attention_add':
      case 'mlp_add':
        residual = graph.node('Add', [residual, branch!])
        branch = null
        break
    }
    const here: Value = applyStages(
      graph,
      step.on === 'branch' ? branch! : residual,
      step.hookPoint,
      step.width,
      edits.get(step.hookPoint) ?? [],
    )
    if (step.on === 'branch') branch = here
    else residual = here
    if (captures.includes(step.hookPoint)) graph.output(here, step.hookPoint, 'float32', ['B', 'T', step.width])
  }

  if (last) {
    const flat = graph.node('Reshape', [residual, graph.ints([-1, spec.dModel])])
    const picked = graph.node('Gather', [flat, graph.input(bodyNames.gather, 'int64', ['N'])], { axis: 0 })
    graph.output(picked, bodyNames.hidden, 'float32', ['N', spec.dModel])
  } else {
    graph.output(residual, bodyNames.residual('out'), 'float32', ['B', 'T', spec.dModel])
    if (branch !== null) graph.output(branch, bodyNames.branch('out'), 'float32', ['B', 'T', steps.at(-1)!.width])
  }
  return graph.build()
}

interface AttentionInputs {
  readonly mask: Value
  /** Mask of a layer with this window; built once per window size. */
  windowed(window: number): Value
  /** cos and sin [B, T, d_head / 2]; built once per kind of rotary embedding */
  rotary(rope: Rope): readonly [Value, Value]
}

/** The graph input is declared once, by whichever part needs it first. */
function positionsInput(graph: GraphBuilder): Value {
  return graph.inputOnce(bodyNames.positions, 'int64', ['B', 'T'])
}

function attentionInputs(graph: GraphBuilder, spec: ModelSpec): AttentionInputs {
  const mask = graph.input(bodyNames.mask, 'bool', ['mask_rows', 1, 'T', 'S'])
  const windows = new Map<number, Value>()
  const windowed = (window: number) => {
    const known = windows.get(window)
    if (known !== undefined) return known
    // distance = query position - key position; a window of w sees distances below w
    const queries = graph.node('Unsqueeze', [positionsInput(graph), graph.ints([1, 3])])
    const keyPositions = graph.inputOnce(bodyNames.keyPositions, 'int64', ['B', 'S'])
    const keys = graph.node('Unsqueeze', [keyPositions, graph.ints([1, 2])])
    const near = graph.node('Less', [graph.node('Sub', [queries, keys]), graph.ints([window], [])])
    const value = graph.node('And', [mask, near])
    windows.set(window, value)
    return value
  }
  const tables = new Map<string, [Value, Value]>()
  const rotary = (rope: Rope) => {
    const key = JSON.stringify(rope)
    const table = tables.get(key) ?? rotaryTables(graph, spec.dHead, rope)
    tables.set(key, table)
    return table
  }
  return { mask, windowed, rotary }
}

/** cos and sin of position times frequency, computed from the positions so that any position works. */
function rotaryTables(graph: GraphBuilder, dHead: number, rope: Rope): [Value, Value] {
  const frequencies = ropeFrequencies(rope, dHead)
  const positions = graph.node('Cast', [graph.node('Unsqueeze', [positionsInput(graph), graph.ints([2])])], { to: 1 })
  const angles = graph.node('Mul', [positions, graph.floats(frequencies, [1, 1, dHead / 2])])
  return [graph.node('Cos', [angles]), graph.node('Sin', [angles])]
}

/** Attention from normed input [B, T, d_model] to hook_z [B, T, n_heads * d_head]. */
function attentionNodes(
  graph: GraphBuilder,
  nodes: WeightNodes,
  spec: ModelSpec,
  index: number,
  x: Value,
  inputs: AttentionInputs,
): Value {
  const { nHeads, nKvHeads, dHead } = spec
  const { qkv, queryKeyNorm, rope, window } = spec.layer(index)
  const sizes = [nHeads * dHead, nKvHeads * dHead, nKvHeads * dHead]
  const [q, k, v] = (
    'fused' in qkv
      ? graph.nodes('Split', [nodes.linear(x, qkv.fused), graph.ints(sizes)], 3, { axis: -1 })
      : [nodes.linear(x, qkv.q), nodes.linear(x, qkv.k), nodes.linear(x, qkv.v)]
  ) as [Value, Value, Value]
  const headNorm = (value: Value, heads: number, norm: Norm) => {
    const perHead = nodes.norm(graph.node('Reshape', [value, graph.ints([0, 0, heads, dHead])]), norm)
    return graph.node('Reshape', [perHead, graph.ints([0, 0, heads * dHead])])
  }
  const prepare = (value: Value, heads: number, norm: Norm | undefined) => {
    const normed = norm === undefined ? value : headNorm(value, heads, norm)
    return rope === null
      ? normed
      : graph.node('RotaryEmbedding', [normed, ...inputs.rotary(rope)], { num_heads: heads })
  }
  const past = (which: 'k' | 'v') => graph.input(bodyNames.past(index, which), 'float32', ['B', nKvHeads, 'P', dHead])
  const mask = window === null ? inputs.mask : inputs.windowed(window)
  const { scale, softcap } = spec.attention
  const [z, presentK, presentV] = graph.nodes(
    'Attention',
    [prepare(q, nHeads, queryKeyNorm?.q), prepare(k, nKvHeads, queryKeyNorm?.k), v, mask, past('k'), past('v')],
    3,
    {
      q_num_heads: nHeads,
      kv_num_heads: nKvHeads,
      scale: { float: scale },
      ...(softcap === null ? {} : { softcap: { float: softcap } }),
    },
  ) as [Value, Value, Value]
  graph.output(presentK, bodyNames.present(index, 'k'), 'float32', ['B', nKvHeads, 'S', dHead])
  graph.output(presentV, bodyNames.present(index, 'v'), 'float32', ['B', nKvHeads, 'S', dHead])
  return z
}
