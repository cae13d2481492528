import type { GraphBuilder, Value } from '../onnx/graph-builder.js'
import { type StageShape, stageInputs } from './edit-shape.js'

/**
 * Applies the stages of one hook point to its activation x [batch, pos, d], as sae-core's Intervention describes:
 * x' = x + addend + s(x) * (f' - f) . decoder, one stage after the other.
 */
export function applyStages(
  graph: GraphBuilder,
  x: Value,
  hookPoint: string,
  width: number,
  stages: readonly StageShape[],
): Value {
  return stages.reduce(
    (value, stage, index) => applyStage(graph, value, stage, width, stageInputs(hookPoint, index)),
    x,
  )
}

function applyStage(
  graph: GraphBuilder,
  x: Value,
  stage: StageShape,
  d: number,
  names: ReturnType<typeof stageInputs>,
): Value {
  const added = graph.node('Add', [x, graph.input(names.addend, 'float32', ['edit_rows', 1, d])])
  if (stage.phases === 0) return added

  // every stage and graph-input batch of slots may have its own number of slots
  const slots = `${names.bias}.slots`
  const perSlot = (name: string) => graph.input(name, 'float32', ['edit_rows', 1, slots])
  const { scaled, outputScale } = normalize(graph, x, d, stage.normalization)
  const encoder = graph.input(names.encoder, 'float32', ['edit_rows', d, slots])
  const p = graph.node('Add', [graph.node('MatMul', [scaled, encoder]), perSlot(names.bias)])
  const active = graph.node('Greater', [p, perSlot(names.threshold)])
  const f = graph.node('Where', [active, p, graph.scalar(0)])

  let edited = f
  for (let phase = 0; phase < stage.phases; phase++) {
    // a one-hot product picks each slot's gate exactly; a slot without a gate reads 0 > -Infinity
    const gate = graph.node('MatMul', [f, graph.input(names.gate(phase), 'float32', ['edit_rows', slots, slots])])
    const open = graph.node('Greater', [gate, perSlot(names.limit(phase))])
    const moved = graph.node('Add', [
      graph.node('Mul', [edited, perSlot(names.gain(phase))]),
      perSlot(names.offset(phase)),
    ])
    edited = graph.node('Where', [open, moved, edited])
  }
  const change = graph.node('MatMul', [
    graph.node('Sub', [edited, f]),
    graph.input(names.decoder, 'float32', ['edit_rows', slots, d]),
  ])
  return graph.node('Add', [added, outputScale === null ? change : graph.node('Mul', [change, outputScale])])
}

/** SAELens' run-time normalisations: the SAE's input, and s(x) [batch, pos, 1] that takes its output back (null = 1). */
function normalize(
  graph: GraphBuilder,
  x: Value,
  d: number,
  kind: StageShape['normalization'],
): { scaled: Value; outputScale: Value | null } {
  const axis = graph.ints([-1])
  switch (kind) {
    case 'none':
      return { scaled: x, outputScale: null }
    case 'layer_norm': {
      // (x - mean) / (std + 1e-5) with the unbiased std; the output is multiplied by std alone
      const centred = graph.node('Sub', [x, graph.node('ReduceMean', [x, axis])])
      const squares = graph.node('ReduceSum', [graph.node('Mul', [centred, centred]), axis])
      const std = graph.node('Sqrt', [graph.node('Div', [squares, graph.scalar(d - 1)])])
      return { scaled: graph.node('Div', [centred, graph.node('Add', [std, graph.scalar(1e-5)])]), outputScale: std }
    }
    case 'constant_norm_rescale': {
      // x * sqrt(d) / |x|; the output is divided by that factor
      const length = graph.node('Sqrt', [graph.node('ReduceSum', [graph.node('Mul', [x, x]), axis])])
      const back = graph.node('Div', [length, graph.scalar(Math.sqrt(d))])
      return { scaled: graph.node('Div', [x, back]), outputScale: back }
    }
  }
}
