import { arriving, readPoint } from '@saeval/sae-core'
import { GraphBuilder, type Value } from '../onnx/graph-builder.js'
import { actedNodes } from './acted-nodes.js'
import { attentionInputs, positionsInput } from './attention-inputs.js'
import { attentionNodes } from './attention-nodes.js'
import { bodyNames } from './body-inputs.js'
import { deltaNetNodes } from './delta-net-nodes.js'
import { applyStages } from './edit-nodes.js'
import { type EditShape, readHookPoints } from './edit-shape.js'
import { expertNodes, withExpertsBeside } from './expert-nodes.js'
import type { GraphOptions } from './graph-form.js'
import { keysLanes, keysLayer, type Lane, modelSteps, type Step } from './hook-sites.js'
import { layerInputNodes, layerPart, layerRest, withLayerInput } from './layer-input-nodes.js'
import { preNodes } from './mlp-nodes.js'
import { type WeightNodes, weightNodes } from './weight-nodes.js'
import type { BuiltGraph } from './weight-values.js'

/** A part of the forward pass, which a session of its own computes. */
export interface Segment {
  /** Steps [from, to) of modelSteps(spec). The graph starts from token ids when from is 0, else from the lanes at that cut. */
  readonly from: number
  readonly to: number
  /** Edits to leave room for; hook points outside [from, to) are not allowed. */
  readonly edits: EditShape
  /** Hook points whose activation, edits applied, becomes an output of the same name; or what arrives there (`arriving`). */
  readonly captures: readonly string[]
  /**
   * Whether the graph decodes one token a row (T = 1) after a cache that all rows share and a cache of each row's own, of fixed sizes: it returns
   * the token's own keys and values, for the caller to put into the row's cache, instead of a longer cache. Unused columns are masked.
   */
  readonly decodes?: boolean
  /** Whether all rows come after one row of cached tokens, which they attend to together; the graph returns no cache. */
  readonly sharesPast?: boolean
}

/** Which part of which model a graph computes. */
export interface BodyOptions extends Segment, GraphOptions {}

/**
 * The transformer's body: token ids to hidden states, or any range of it, with room for edits at the hook points asked for, and counts of
 * the tokens where these act.
 */
export function bodyGraph(options: BodyOptions): BuiltGraph {
  const { spec, from, to, edits, captures } = options
  const graph = new GraphBuilder()
  const all = modelSteps(spec)
  const steps = all.slice(from, to)
  const lanes = new Map<Lane, Value>()
  if (from > 0) {
    for (const [lane, width] of all[from - 1]!.lanes)
      lanes.set(lane, graph.input(bodyNames.lane(lane, 'in'), 'float32', ['B', 'T', width]))
  }
  const nodes = weightNodes(graph, options)
  const compute = stepNodes(graph, nodes, options)
  const reads = editReads(graph, options)
  const acted = actedNodes(graph)

  // after the last attention a token no longer looks at others: what is left is computed only for those that are asked for
  const lastMix = all.findLastIndex((step) => step.part === 'attention')
  const isQuiet = (step: Step) => !edits.has(step.hookPoint) && !captures.includes(step.hookPoint)
  const picksEarly = to === all.length && lastMix >= from && all.slice(lastMix + 1).every(isQuiet)

  for (const step of steps) {
    compute(step, lanes)
    const keep = (name: string, value: Value) => {
      reads.keep(name, value)
      if (captures.includes(name)) graph.output(value, name, 'float32', ['B', 'T', step.width])
    }
    const arrived = lanes.get(step.on)!
    keep(arriving(step.hookPoint), arrived)
    const here = applyStages(
      graph,
      arrived,
      step.hookPoint,
      edits.get(step.hookPoint) ?? [],
      reads,
      acted,
      options.form,
    )
    keep(step.hookPoint, here)
    lanes.set(step.on, here)
    if (picksEarly && step === all[lastMix]) {
      for (const [lane, width] of step.lanes) {
        const picked = pickTokens(graph, leftOf(graph, lanes, lane, width), width)
        lanes.set(lane, graph.node('Unsqueeze', [picked, graph.ints([0])]))
      }
    }
  }

  acted.output(edits.keys())
  if (to === all.length) {
    const residual = lanes.get('residual')!
    const hidden = picksEarly
      ? graph.node('Squeeze', [residual, graph.ints([0])])
      : pickTokens(graph, residual, spec.dModel)
    graph.output(hidden, bodyNames.hidden, 'float32', ['N', spec.dModel])
  } else {
    for (const [lane, width] of all[to - 1]!.lanes)
      graph.output(leftOf(graph, lanes, lane, width), bodyNames.lane(lane, 'out'), 'float32', ['B', 'T', width])
  }
  return { model: graph.build(), weights: nodes.values.inputs() }
}

/** A lane as later steps read it: of what layers add, the part of those to come. */
function leftOf(graph: GraphBuilder, lanes: ReadonlyMap<Lane, Value>, lane: Lane, width: number): Value {
  const value = lanes.get(lane)!
  return lane === 'layer_inputs' ? layerRest(graph, value, width) : value
}

/** Rows [N, width] of the tokens that are asked for, numbered through the batch. */
function pickTokens(graph: GraphBuilder, value: Value, width: number): Value {
  const flat = graph.node('Reshape', [value, graph.ints([-1, width])])
  return graph.node('Gather', [flat, graph.inputOnce(bodyNames.gather, 'int64', ['N'])], { axis: 0 })
}

/** Activations that edits read elsewhere than where they act, by the names of `readFrom`; those from before this range are inputs. */
function editReads(graph: GraphBuilder, { spec, edits, from }: BodyOptions) {
  const wanted = readHookPoints(edits)
  const steps = modelSteps(spec)
  const widths = new Map(steps.map((step) => [step.hookPoint, step.width]))
  const values = new Map<string, Value>()
  const width = (name: string) => widths.get(readPoint(name).hookPoint)!
  for (const { hookPoint } of steps.slice(0, from)) {
    for (const name of [arriving(hookPoint), hookPoint])
      if (wanted.has(name)) values.set(name, graph.input(bodyNames.carried(name), 'float32', ['B', 'T', width(name)]))
  }
  return {
    width,
    value: (name: string) => values.get(name)!,
    keep: (name: string, value: Value) => {
      if (wanted.has(name)) values.set(name, value)
    },
  }
}

/** Returns what computes one step: it reads and replaces lanes. */
function stepNodes(
  graph: GraphBuilder,
  nodes: WeightNodes,
  { spec, form, edits, captures, to, decodes = false, sharesPast = false }: BodyOptions,
): (step: Step, lanes: Map<Lane, Value>) => void {
  const inputs = attentionInputs(graph, spec, form)
  const read = [...captures, ...readHookPoints(edits)].map((name) => readPoint(name).hookPoint)
  const seen = new Set([modelSteps(spec)[to - 1]!.hookPoint, ...edits.keys(), ...read])
  // a hook point that somebody looks at needs its value; else neighbouring steps are computed as one
  const isSeen = (step: Step) => seen.has(step.hookPoint)
  const cached = new Set<number>()
  let isNormalized = false
  let isFirst = true

  return (step, lanes) => {
    const layer = spec.layer(step.layer)
    const { mlp } = layer
    const residual = lanes.get('residual') ?? ''
    const branch = lanes.get('branch') ?? ''
    const startsHere = isFirst
    isFirst = false
    switch (step.part) {
      case 'embed': {
        const rows = nodes.lookup(spec.embedding.weight, graph.inputOnce(bodyNames.tokens, 'int64', ['B', 'T']))
        const { scale } = spec.embedding
        lanes.set('residual', scale === null ? rows : graph.node('Mul', [rows, graph.scalar(scale)]))
        break
      }
      case 'enter':
        if (step.layer === 0 && spec.layerInputs !== null)
          lanes.set('layer_inputs', layerInputNodes(graph, nodes, spec.layerInputs, residual))
        if (step.layer === 0 && spec.embedding.positions !== null) {
          const rows = nodes.lookup(spec.embedding.positions, positionsInput(graph))
          lanes.set('residual', graph.node('Add', [residual, rows]))
        }
        break
      case 'attention': {
        const x = layer.attentionNorm === null ? residual : nodes.norm(residual, layer.attentionNorm)
        const parts = { graph, nodes, spec, form, index: step.layer, inputs, cached, decodes, sharesPast }
        const { attention } = layer
        if (attention.kind === 'delta_net') {
          lanes.set('branch', deltaNetNodes(parts, attention, x))
          break
        }
        const source = keysLayer(spec, step.layer)
        const [keys, values] = keysLanes(source)
        const given = source === step.layer ? null : { k: lanes.get(keys)!, v: lanes.get(values)! }
        const { z, k, v } = attentionNodes(parts, attention, x, given)
        lanes.set('branch', z).set(keys, k).set(values, v)
        break
      }
      case 'attention_output': {
        const projected = nodes.linear(branch, layer.attentionOutput)
        lanes.set(
          'branch',
          layer.postAttentionNorm === null ? projected : nodes.norm(projected, layer.postAttentionNorm),
        )
        break
      }
      case 'mlp_enter':
        if (spec.parallelResidual) lanes.set('attention', branch)
        lanes.set('branch', residual)
        break
      case 'mlp_normalize':
        if (layer.expertsBeside !== null) lanes.set('stream', branch)
        isNormalized = isSeen(step)
        if (isNormalized) lanes.set('branch', nodes.normalize(branch, step.width))
        break
      case 'mlp_gain':
        if (layer.mlpNorm === null) break
        lanes.set(
          'branch',
          isNormalized || startsHere ? nodes.gain(branch, layer.mlpNorm) : nodes.norm(branch, layer.mlpNorm),
        )
        break
      case 'mlp_pre': {
        if (mlp.kind !== 'dense') break
        const { pre, up } = preNodes(graph, nodes, mlp, branch)
        if (up !== null) lanes.set('up', up)
        lanes.set('branch', pre)
        break
      }
      case 'mlp_post': {
        if (mlp.kind !== 'dense') break
        const active = nodes.activation(branch, mlp.activation)
        lanes.set('branch', mlp.gate === null ? active : graph.node('Mul', [active, lanes.get('up')!]))
        lanes.delete('up')
        break
      }
      case 'mlp_output': {
        const parts = { graph, nodes, form, dModel: spec.dModel }
        const own =
          mlp.kind === 'dense' ? nodes.linear(branch, mlp.down) : expertNodes({ ...parts, experts: mlp }, branch)
        const { expertsBeside } = layer
        const projected =
          expertsBeside === null ? own : withExpertsBeside(parts, expertsBeside, own, lanes.get('stream')!)
        lanes.delete('stream')
        lanes.set('branch', layer.postMlpNorm === null ? projected : nodes.norm(projected, layer.postMlpNorm))
        break
      }
      case 'attention_add':
        lanes.set('residual', graph.node('Add', [residual, branch]))
        lanes.delete('branch')
        break
      case 'mlp_add': {
        const waiting = lanes.get('attention')
        const both = waiting === undefined ? branch : graph.node('Add', [branch, waiting])
        const sum = graph.node('Add', [residual, both])
        const { input, outputFactor } = layer
        const part = () => layerPart(graph, spec, lanes.get('layer_inputs')!, step.layer)
        const fed = input === null ? sum : withLayerInput(graph, nodes, input, sum, part())
        lanes.set('residual', outputFactor === null ? fed : graph.node('Mul', [fed, nodes.float(outputFactor)]))
        lanes.delete('branch')
        lanes.delete('attention')
        break
      }
    }
  }
}
