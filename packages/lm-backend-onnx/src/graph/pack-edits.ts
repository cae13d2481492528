import {
  type EditStage,
  type Gate,
  type Intervention,
  internSelection,
  type LatentReader,
  type PositionSelection,
  readPoint,
} from '@saeval/sae-core'
import type { TensorData } from '../runtime/engine.js'
import { type ActedColumn, ActedColumns, type CountedPart } from './acted-columns.js'
import { compared } from './compared.js'
import { stageInputs, wholeInputs } from './edit-inputs.js'
import { assignReaders, assignStages, countsAdds, type EditShape, type StageShape, stageShape } from './edit-shape.js'
import type { GraphForm } from './graph-form.js'

/** Values of a graph's edit inputs. */
export interface PackedEdits {
  readonly feeds: ReadonlyMap<string, TensorData>
  /** Matrices of whole SAEs: large, and the same for every setting that uses the SAE. */
  readonly shared: ReadonlyMap<string, TensorData>
  /** For each of the rows: which of the graph's counts are its edits'. */
  readonly acted: readonly (readonly ActedColumn[])[]
}

/**
 * The values of all edit inputs of a graph built for `shape`. One entry of `rows` serves the whole batch; otherwise there is one
 * entry per batch row, so that different settings run side by side. What a row does not use gets values without effect.
 */
export function packEdits(
  shape: EditShape,
  widths: ReadonlyMap<string, number>,
  rows: readonly (readonly Intervention[])[],
  form: GraphForm,
): PackedEdits {
  const feeds = new Map<string, TensorData>()
  const shared = new Map<string, TensorData>()
  const selections = rows.map(selectionsOf)
  const columns = 1 + Math.max(...selections.map((list) => list.length))
  const acted = new ActedColumns(rows.length)
  for (const [hookPoint, stageShapes] of shape) {
    const assigned = rows.map((interventions) =>
      assignedStages(stageShapes, interventions.find((item) => item.hookPoint === hookPoint)?.stages ?? []),
    )
    stageShapes.forEach((stage, index) => {
      const own = assigned.map((stages) => stages[index] ?? null)
      for (const part of own) if (part) shareWhole(shared, part, widths.get(hookPoint)!)
      packStage({
        feeds,
        names: stageInputs(hookPoint, index),
        shape: stage,
        width: (from) => widths.get(from === null ? hookPoint : readPoint(from).hookPoint)!,
        rows: own.map((part) => part && assignedReaders(stage, part)),
        selections,
        columns,
        acted,
        form,
      })
    })
  }
  return { feeds, shared, acted: acted.settings() }
}

/** The different position selections of one setting, in order of appearance; the graph's mask has a column for each after the first. */
export function selectionsOf(interventions: readonly Intervention[]): PositionSelection[] {
  const found = interventions
    .flatMap(({ stages }) => stages)
    .flatMap(({ adds, phases, drops, saeReplacement }) => [
      ...[...adds, ...phases.flat()].flatMap(({ positions }) => positions ?? []),
      ...(drops?.positions ? [drops.positions] : []),
      ...(saeReplacement?.positions ?? []),
    ])
  return [...new Set(found.map(internSelection))]
}

/** Where in a graph's stages a setting's stand; `null` where it has none. */
export function assignedStages(available: readonly StageShape[], stages: readonly EditStage[]): (EditStage | null)[] {
  const indices = assignStages(available, stages.map(stageShape))
  if (indices === null) throw new Error('the session was built for other edits')
  const assigned: (EditStage | null)[] = available.map(() => null)
  indices.forEach((at, index) => {
    assigned[at] = stages[index]!
  })
  return assigned
}

/** A stage whose readers stand where the graph has them; `null` where it has none there. */
export interface AssignedStage extends Omit<EditStage, 'readers'> {
  readonly readers: readonly (LatentReader | null)[]
}

/** A stage of a setting on the readers of its stage in the graph. */
export function assignedReaders(shape: StageShape, stage: EditStage): AssignedStage {
  const indices = assignReaders(shape.readers, stageShape(stage).readers)!
  const readers: (LatentReader | null)[] = shape.readers.map(() => null)
  indices.forEach((at, index) => {
    readers[at] = stage.readers[index]!
  })
  return { ...stage, readers }
}

interface StagePacking {
  readonly feeds: Map<string, TensorData>
  readonly names: ReturnType<typeof stageInputs>
  readonly shape: StageShape
  readonly width: (from: string | null) => number
  readonly rows: readonly (AssignedStage | null)[]
  readonly selections: readonly (readonly PositionSelection[])[]
  /** Columns of the mask. */
  readonly columns: number
  /** Gets a column for each part whose tokens the graph counts, in the graph's order. */
  readonly acted: ActedColumns
  readonly form: GraphForm
}

function packStage(packing: StagePacking): void {
  const { feeds, names, shape, width, rows } = packing
  const R = rows.length
  const float = (name: string, data: Float32Array, dims: readonly number[]) =>
    feeds.set(name, { dtype: 'float32', data, dims })

  // additions of a saeReplacement come before the SAE
  const dAdd = width(shape.saeReplacement?.readFrom ?? null)
  const addend = new Float32Array(R * dAdd)
  rows.forEach((stage, row) => {
    if (stage?.addend) addend.set(checkWidth(stage.addend, dAdd), row * dAdd)
  })
  float(names.addend, addend, [R, 1, dAdd])

  // where no row has any, one without effect: the WebGPU provider ends the process at a product over nothing
  const sizes = shape.readers.map((_, index) =>
    Math.max(1, ...rows.map((row) => row?.readers[index]?.slots.length ?? 0)),
  )
  shape.readers.forEach((_, index) => {
    packReader(packing, index, sizes[index]!)
  })
  const starts = sizes.map((_, index) => sizes.slice(0, index).reduce((sum, size) => sum + size, 0))
  const M = sizes.reduce((sum, size) => sum + size, 0)
  /** The graph's index of each of a stage's slots. */
  const indices = rows.map((row) =>
    (row?.readers ?? []).flatMap((reader, index) => (reader?.slots ?? []).map((_, slot) => starts[index]! + slot)),
  )

  if (shape.readers.length > 0) packPhases(packing, indices, M)
  if (shape.adds) {
    const A = Math.max(1, ...rows.map((row) => row?.adds.length ?? 0))
    const vectors = new Float32Array(R * A * dAdd)
    rows.forEach((stage, row) => {
      stage?.adds.forEach(({ vector }, a) => {
        vectors.set(checkWidth(vector, dAdd), (row * A + a) * dAdd)
      })
    })
    float(names.vectors, vectors, [R, A, dAdd])
    // additions of a saeReplacement are made before anything is read
    const gates = shape.saeReplacement || shape.readers.length === 0 ? 0 : shape.gates
    const parts = rows.map((row) => (row?.adds ?? []).map((add, a) => ({ ...add, at: a })))
    packParts(packing, names.gates('adds'), parts, indices, M, A, gates)
    if (countsAdds(shape)) packing.acted.append(parts, A)
  }
  const tokens = (name: string, wanted: (stage: AssignedStage) => readonly (PositionSelection | null)[]) => {
    const columns = shape.selects ? packing.columns : 1
    const where = new Float32Array(R * columns)
    rows.forEach((stage, row) => {
      for (const positions of stage === null ? [] : wanted(stage))
        where[row * columns + columnOf(packing, row, positions)] = 1
    })
    float(name, where, [R, columns, 1])
  }
  if (shape.drops) tokens(names.dropped, ({ drops }) => (drops === undefined ? [] : [drops.positions]))
  if (shape.saeReplacement)
    tokens(names.replaced, ({ saeReplacement }) => (saeReplacement ? (saeReplacement.positions ?? [null]) : []))
}

/** The updates of a stage, on M slots that stand where `indices` says. */
function packPhases(packing: StagePacking, indices: readonly (readonly number[])[], M: number): void {
  const { feeds, names, shape, rows } = packing
  const R = rows.length
  for (let phase = 0; phase < shape.phases; phase++) {
    const gain = new Float32Array(R * M).fill(1)
    const offset = new Float32Array(R * M)
    const parts = rows.map((stage, row) =>
      (stage?.phases[phase] ?? []).map((update) => ({ ...update, at: indices[row]![update.slot]! })),
    )
    parts.forEach((updates, row) => {
      for (const { at, alpha, beta } of updates) {
        gain[row * M + at] = 1 + alpha
        offset[row * M + at] = beta
      }
    })
    feeds.set(names.gain(phase), { dtype: 'float32', data: gain, dims: [R, 1, M] })
    feeds.set(names.offset(phase), { dtype: 'float32', data: offset, dims: [R, 1, M] })
    packParts(packing, names.gates(phase), parts, indices, M, M, shape.gates)
    packing.acted.append(parts, M)
  }
}

function packReader({ feeds, names, shape, width, rows, form }: StagePacking, index: number, M: number): void {
  const input = names.reader(index)
  const { whole, readFrom } = shape.readers[index]!
  const R = rows.length
  const d = width(null)
  const dIn = width(readFrom)
  const encoder = new Float32Array(whole ? 0 : R * dIn * M)
  const latents = Array<number>(R * M).fill(-1)
  const bias = new Float32Array(R * M)
  const threshold = new Float32Array(R * M)
  const decoder = new Float32Array(R * M * d)
  rows.forEach((stage, row) => {
    stage?.readers[index]?.slots.forEach((slot, m) => {
      if (whole) latents[row * M + m] = slot.latent
      else {
        const column = checkWidth(slot.encoder, dIn)
        for (let i = 0; i < dIn; i++) encoder[(row * dIn + i) * M + m] = column[i]!
      }
      bias[row * M + m] = slot.bias
      threshold[row * M + m] = slot.threshold
      decoder.set(checkWidth(slot.decoder, d), (row * M + m) * d)
    })
  })
  if (whole) feeds.set(input.latents, { ...compared(form, latents), dims: [R, 1, 1, M] })
  else feeds.set(input.encoder, { dtype: 'float32', data: encoder, dims: [R, dIn, M] })
  feeds.set(input.bias, { dtype: 'float32', data: bias, dims: [R, 1, M] })
  feeds.set(input.threshold, { dtype: 'float32', data: threshold, dims: [R, 1, M] })
  feeds.set(input.decoder, { dtype: 'float32', data: decoder, dims: [R, M, d] })
}

/** An update or addition, and its column among the `N` of its kind. */
interface Part extends CountedPart {
  readonly gates: readonly Gate[]
  readonly positions: PositionSelection | null
}

function packParts(
  packing: StagePacking,
  names: ReturnType<ReturnType<typeof stageInputs>['gates']>,
  rows: readonly (readonly Part[])[],
  indices: readonly (readonly number[])[],
  M: number,
  N: number,
  gates: number,
): void {
  const { feeds, shape, columns } = packing
  const R = rows.length
  for (let gate = 0; gate < gates; gate++) {
    const pick = new Float32Array(R * M * N)
    const limit = new Float32Array(R * N).fill(Number.NEGATIVE_INFINITY)
    rows.forEach((parts, row) => {
      for (const { at, gates: own } of parts) {
        const wanted = own[gate]
        if (!wanted) continue
        limit[row * N + at] = wanted.above
        pick[(row * M + indices[row]![wanted.slot]!) * N + at] = 1
      }
    })
    feeds.set(names.pick(gate), { dtype: 'float32', data: pick, dims: [R, M, N] })
    feeds.set(names.limit(gate), { dtype: 'float32', data: limit, dims: [R, 1, N] })
  }
  if (!shape.selects) return
  const picked = new Float32Array(R * columns * N)
  rows.forEach((parts, row) => {
    for (const { at, positions } of parts) picked[(row * columns + columnOf(packing, row, positions)) * N + at] = 1
  })
  feeds.set(names.positions, { dtype: 'float32', data: picked, dims: [R, columns, N] })
}

function columnOf({ selections }: StagePacking, row: number, positions: PositionSelection | null): number {
  if (positions === null) return 0
  return 1 + selections[row]!.indexOf(internSelection(positions))
}

function shareWhole(shared: Map<string, TensorData>, { readers, saeReplacement }: EditStage, d: number): void {
  for (const whole of [
    ...readers.flatMap((reader) => reader.whole ?? []),
    ...(saeReplacement ? [saeReplacement.encoder] : []),
  ]) {
    const names = wholeInputs(whole.key)
    const { dSae, encoder } = whole
    shared.set(names.encoder, { dtype: 'float32', data: encoder, dims: [encoder.length / dSae, dSae] })
    shared.set(names.bias, { dtype: 'float32', data: whole.bias, dims: [dSae] })
    if (!saeReplacement) continue
    const { decoder, bias } = saeReplacement.decoder
    shared.set(names.threshold, { dtype: 'float32', data: whole.threshold, dims: [dSae] })
    shared.set(names.decoder, { dtype: 'float32', data: decoder, dims: [dSae, d] })
    shared.set(names.decoderBias, { dtype: 'float32', data: bias, dims: [d] })
  }
}

function checkWidth(vector: Float32Array, d: number): Float32Array {
  if (vector.length !== d)
    throw new Error(`an edit vector of ${vector.length} numbers does not fit a hook point of width ${d}`)
  return vector
}
