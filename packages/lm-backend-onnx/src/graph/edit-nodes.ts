import type { GraphBuilder, Value } from '../onnx/graph-builder.js'
import type { ActedNodes } from './acted-nodes.js'
import { selectedInput, stageInputs } from './edit-inputs.js'
import type { ReaderShape, StageShape } from './edit-shape.js'
import type { GraphForm } from './graph-form.js'
import { normalizeNodes, type WholeNodes, wholeNodes } from './whole-sae-nodes.js'

/** Activations by the names of `readFrom`: their values in the graph and widths. */
export interface Reads {
  value(name: string): Value
  width(name: string): number
}

type Names = ReturnType<typeof stageInputs>
/** Takes where parts act: bool [batch, pos, parts]. */
type Note = (acts: Value) => void

/**
 * Applies the stages of one hook point to its activation x [batch, pos, d], as sae-core's EditStage describes, one stage after the
 * other. Notes for each stage where its updates act, phase after phase, then where its additions do.
 */
export function applyStages(
  graph: GraphBuilder,
  x: Value,
  hookPoint: string,
  stages: readonly StageShape[],
  reads: Reads,
  acted: ActedNodes,
  form: GraphForm,
): Value {
  const note: Note = (acts) => acted.note(hookPoint, acts)
  return stages.reduce(
    (value, stage, index) =>
      stageNodes(graph, value, hookPoint, stage, stageInputs(hookPoint, index), reads, note, form),
    x,
  )
}

function stageNodes(
  graph: GraphBuilder,
  x: Value,
  hookPoint: string,
  stage: StageShape,
  names: Names,
  reads: Reads,
  note: Note,
  form: GraphForm,
): Value {
  const { saeReplacement } = stage
  const input = (from: string | null) => (from === null ? x : reads.value(from))
  const width = (from: string | null) => reads.width(from ?? hookPoint)
  const d = width(null)
  const whole = wholeNodes(graph, form)
  const target = saeReplacement
    ? centred(graph, input(saeReplacement.readFrom), saeReplacement.centres)
    : stage.drops
      ? dropped(graph, x, stage, names)
      : x
  const added = saeReplacement ? width(saeReplacement.readFrom) : d
  const always = graph.node('Add', [target, graph.input(names.addend, 'float32', ['edit_rows', 1, added])])
  // additions of a saeReplacement come before its latents are read; all others look at the clean x
  const shifted = saeReplacement ? withAdds(graph, always, stage, names, null, added, null) : null
  const slots = stage.readers.map((reader, index) =>
    readerNodes(
      graph,
      shifted ?? input(reader.readFrom),
      width(reader.readFrom),
      d,
      reader,
      names.reader(index),
      whole,
      form,
    ),
  )
  const clean =
    slots.length === 0
      ? null
      : concat(
          graph,
          slots.map((slot) => slot.f),
        )
  const edited = clean === null ? null : phaseNodes(graph, clean, stage, names, note)
  const change = clean === null ? null : changeNodes(graph, slots, graph.node('Sub', [edited!, clean]))
  const moved = (value: Value) => (change === null ? value : graph.node('Add', [value, change]))
  if (saeReplacement === null) {
    const result = moved(withAdds(graph, always, stage, names, clean, d, note))
    return stage.keepsNorm ? asLongAs(graph, x, result) : result
  }

  const put = moved(whole.reconstruct(shifted!, width(saeReplacement.readFrom), d, saeReplacement))
  const taken =
    saeReplacement.kind === 'fork' ? whole.reconstruct(target, width(saeReplacement.readFrom), d, saeReplacement) : null
  const replaced = taken === null ? put : graph.node('Add', [x, graph.node('Sub', [put, taken])])
  return graph.node('Where', [chosen(graph, stage, names.replaced), replaced, x])
}

/** Whether each token is one of those that an input names: bool [batch, pos, 1], or [rows, 1, 1] without positions. */
function chosen(graph: GraphBuilder, stage: StageShape, name: string): Value {
  const picked = graph.input(name, 'float32', ['edit_rows', selections(stage), 1])
  const weight = stage.selects ? graph.node('MatMul', [selected(graph), picked]) : picked
  return graph.node('Greater', [weight, graph.scalar(0)])
}

/** x, and zero where it is taken away. */
function dropped(graph: GraphBuilder, x: Value, stage: StageShape, names: Names): Value {
  return graph.node('Where', [chosen(graph, stage, names.dropped), graph.scalar(0), x])
}

/** What has become of x, as long as x was; exactly what it is where the lengths are equal. */
function asLongAs(graph: GraphBuilder, x: Value, changed: Value): Value {
  const length = (value: Value) =>
    graph.node('Sqrt', [graph.node('ReduceSum', [graph.node('Mul', [value, value]), graph.ints([-1])])])
  const [before, after] = [length(x), length(changed)]
  const ratio = graph.node('Div', [before, graph.node('Add', [after, graph.scalar(1e-8)])])
  const scaled = graph.node('Mul', [changed, ratio])
  return graph.node('Where', [graph.node('Equal', [before, after]), changed, scaled])
}

function centred(graph: GraphBuilder, x: Value, wanted: boolean): Value {
  return wanted ? graph.node('Sub', [x, graph.node('ReduceMean', [x, graph.ints([-1])])]) : x
}

interface ReaderNodes {
  /** Activations of the reader's slots [batch, pos, m] */
  readonly f: Value
  /** What a change of them is multiplied by [batch, pos, 1]; null = 1 */
  readonly scale: Value | null
  /** [R, m, d] */
  readonly decoder: Value
}

function readerNodes(
  graph: GraphBuilder,
  x: Value,
  width: number,
  d: number,
  reader: ReaderShape,
  names: ReturnType<Names['reader']>,
  whole: WholeNodes,
  { comparisons }: GraphForm,
): ReaderNodes {
  // every stage and graph-input batch of slots may have its own number of slots
  const slots = `${names.bias}.slots`
  const perSlot = (name: string) => graph.input(name, 'float32', ['edit_rows', 1, slots])
  const { scaled, scale } = normalizeNodes(graph, x, width, reader.normalization)
  const raw =
    reader.whole === null
      ? graph.node('MatMul', [scaled, graph.input(names.encoder, 'float32', ['edit_rows', width, slots])])
      : whole.members(scaled, width, reader.whole, graph.input(names.latents, comparisons, ['edit_rows', 1, 1, slots]))
  const p = graph.node('Add', [raw, perSlot(names.bias)])
  const active = graph.node('Greater', [p, perSlot(names.threshold)])
  return {
    f: graph.node('Where', [active, p, graph.scalar(0)]),
    scale: reader.scalesOutput ? scale : null,
    decoder: graph.input(names.decoder, 'float32', ['edit_rows', slots, d]),
  }
}

function phaseNodes(graph: GraphBuilder, clean: Value, stage: StageShape, names: Names, note: Note): Value {
  const all = `${names.addend}.slots`
  const perSlot = (name: string) => graph.input(name, 'float32', ['edit_rows', 1, all])
  let edited = clean
  for (let phase = 0; phase < stage.phases; phase++) {
    const moved = graph.node('Add', [
      graph.node('Mul', [edited, perSlot(names.gain(phase))]),
      perSlot(names.offset(phase)),
    ])
    const read = stage.gatesRead === 'clean' ? clean : edited
    const open = openNodes(graph, read, stage, names.gates(phase), all, all)
    const next = open === null ? moved : graph.node('Where', [open, moved, edited])
    note(graph.node('Not', [graph.node('Equal', [next, edited])]))
    edited = next
  }
  return edited
}

/** x + the additions with gates and positions; gates read `clean`, the stage's activations. */
function withAdds(
  graph: GraphBuilder,
  x: Value,
  stage: StageShape,
  names: Names,
  clean: Value | null,
  d: number,
  note: Note | null,
): Value {
  if (!stage.adds) return x
  const count = `${names.vectors}.count`
  const open = openNodes(graph, clean, stage, names.gates('adds'), `${names.addend}.slots`, count)
  if (open !== null) note?.(open)
  const vectors = graph.input(names.vectors, 'float32', ['edit_rows', count, d])
  const weights = open === null ? null : graph.node('Cast', [open], { to: 1 })
  const sum =
    weights === null
      ? graph.node('ReduceSum', [vectors, graph.ints([1])], { keepdims: 1 })
      : graph.node('MatMul', [weights, vectors])
  return graph.node('Add', [x, sum])
}

/** Where all gates and the position selection of each of `count` parts hold: bool [batch, pos, count]; null = everywhere. */
function openNodes(
  graph: GraphBuilder,
  read: Value | null,
  stage: StageShape,
  names: ReturnType<Names['gates']>,
  slots: string,
  count: string,
): Value | null {
  const conditions: Value[] = []
  for (let gate = 0; read !== null && gate < stage.gates; gate++) {
    // a one-hot product picks each part's gate exactly; a part without a gate reads 0 > -Infinity
    const value = graph.node('MatMul', [read, graph.input(names.pick(gate), 'float32', ['edit_rows', slots, count])])
    conditions.push(graph.node('Greater', [value, graph.input(names.limit(gate), 'float32', ['edit_rows', 1, count])]))
  }
  if (stage.selects) {
    const picked = graph.node('MatMul', [
      selected(graph),
      graph.input(names.positions, 'float32', ['edit_rows', selections(stage), count]),
    ])
    conditions.push(graph.node('Greater', [picked, graph.scalar(0)]))
  }
  return conditions.length === 0 ? null : conditions.reduce((a, b) => graph.node('And', [a, b]))
}

function selections(stage: StageShape): string | number {
  return stage.selects ? 'selections' : 1
}

function selected(graph: GraphBuilder): Value {
  return graph.inputOnce(selectedInput, 'float32', ['B', 'T', 'selections'])
}

/** s(x) * (f' - f) . decoder, summed over readers, whose slots follow each other in `difference`. */
function changeNodes(graph: GraphBuilder, readers: readonly ReaderNodes[], difference: Value): Value {
  const parts =
    readers.length === 1
      ? [difference]
      : splitLike(
          graph,
          difference,
          readers.map(({ f }) => f),
        )
  return readers
    .map(({ scale, decoder }, index) => {
      const change = graph.node('MatMul', [parts[index]!, decoder])
      return scale === null ? change : graph.node('Mul', [change, scale])
    })
    .reduce((a, b) => graph.node('Add', [a, b]))
}

function concat(graph: GraphBuilder, values: readonly Value[]): Value {
  return values.length === 1 ? values[0]! : graph.node('Concat', values, { axis: -1 })
}

/** Undoes a concatenation along the last axis, whose lengths are known only at run time. */
function splitLike(graph: GraphBuilder, value: Value, like: readonly Value[]): Value[] {
  const sizes = like.map((item) => graph.node('Shape', [item], { start: 2, end: 3 }))
  return graph.nodes('Split', [value, graph.node('Concat', sizes, { axis: 0 })], like.length, { axis: -1 })
}
