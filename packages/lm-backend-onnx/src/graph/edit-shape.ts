import type { EditStage, Intervention, RuntimeNormalization } from '@saeval/sae-core'
import type { TensorData } from '../session/protocol.js'

/** The part of a stage that the graph is built for; everything else about an edit is a graph input. */
export interface StageShape {
  readonly normalization: RuntimeNormalization
  /** Number of update phases; 0 for a stage that only adds. */
  readonly phases: number
}

/** Hook point -> its stages in order. Two sets of edits of one shape share a session. */
export type EditShape = ReadonlyMap<string, readonly StageShape[]>

/** The shape of one set of edits. */
export function editShape(interventions: readonly Intervention[]): EditShape {
  const shape = new Map<string, readonly StageShape[]>()
  for (const { hookPoint, stages } of interventions) {
    if (shape.has(hookPoint)) throw new Error(`two interventions at ${hookPoint}`)
    shape.set(
      hookPoint,
      stages.map(({ normalization, phases }) => ({ normalization, phases: phases.length })),
    )
  }
  return shape
}

/** Whether a graph built for `available` can apply edits of shape `wanted`; what it has beyond them stays without effect. */
export function covers(available: EditShape, wanted: EditShape): boolean {
  return [...wanted].every(([hookPoint, stages]) => assignStages(available.get(hookPoint) ?? [], stages) !== null)
}

/** For each wanted stage the index of the built stage that computes it, order kept; null when they do not fit. */
export function assignStages(available: readonly StageShape[], wanted: readonly StageShape[]): number[] | null {
  const places: number[] = []
  let next = 0
  for (const stage of wanted) {
    while (next < available.length && !fits(available[next]!, stage)) next++
    if (next === available.length) return null
    places.push(next++)
  }
  return places
}

function fits(available: StageShape, wanted: StageShape): boolean {
  // a stage that only adds reads nothing, so its normalisation does not matter
  return available.phases >= wanted.phases && (wanted.phases === 0 || available.normalization === wanted.normalization)
}

/** Names of a stage's graph inputs. Shapes: R = 1 or the batch, M = slots, d = width of the hook point. */
export function stageInputs(hookPoint: string, stage: number) {
  const at = `edit.${hookPoint}.${stage}`
  return {
    /** [R, 1, d] */
    addend: `${at}.addend`,
    /** [R, d, M] */
    encoder: `${at}.encoder`,
    /** [R, 1, M] */
    bias: `${at}.bias`,
    /** [R, 1, M] */
    threshold: `${at}.threshold`,
    /** [R, M, d] */
    decoder: `${at}.decoder`,
    /** [R, M, M]: column m holds a one at the slot that gates slot m, or nothing */
    gate: (phase: number) => `${at}.${phase}.gate`,
    /** [R, 1, M] each: f' = gain * f' + offset where gate value > limit */
    limit: (phase: number) => `${at}.${phase}.limit`,
    gain: (phase: number) => `${at}.${phase}.gain`,
    offset: (phase: number) => `${at}.${phase}.offset`,
  }
}

/**
 * The values of all edit inputs of a graph built for `shape`. One entry of `rows` serves the whole batch; otherwise there is one
 * entry per batch row, so that different settings run side by side. What a row does not use gets values without effect.
 */
export function packEdits(
  shape: EditShape,
  widths: ReadonlyMap<string, number>,
  rows: readonly (readonly Intervention[])[],
): Map<string, TensorData> {
  const feeds = new Map<string, TensorData>()
  for (const [hookPoint, stageShapes] of shape) {
    const width = widths.get(hookPoint)!
    const placed = rows.map((interventions) =>
      placeStages(stageShapes, interventions.find((item) => item.hookPoint === hookPoint)?.stages ?? []),
    )
    stageShapes.forEach((stageShape, index) => {
      packStage(
        feeds,
        stageInputs(hookPoint, index),
        stageShape,
        width,
        placed.map((stages) => stages[index] ?? null),
      )
    })
  }
  return feeds
}

function placeStages(available: readonly StageShape[], stages: readonly EditStage[]): (EditStage | null)[] {
  const shapes = stages.map(({ normalization, phases }) => ({ normalization, phases: phases.length }))
  const places = assignStages(available, shapes)
  if (places === null) throw new Error('the session was built for other edits')
  const placed: (EditStage | null)[] = available.map(() => null)
  places.forEach((place, index) => {
    placed[place] = stages[index]!
  })
  return placed
}

function packStage(
  feeds: Map<string, TensorData>,
  names: ReturnType<typeof stageInputs>,
  shape: StageShape,
  d: number,
  rows: readonly (EditStage | null)[],
): void {
  const R = rows.length
  const addend = new Float32Array(R * d)
  rows.forEach((stage, row) => {
    if (stage?.addend) addend.set(checkWidth(stage.addend, d), row * d)
  })
  const float = (name: string, data: Float32Array, dims: readonly number[]) =>
    feeds.set(name, { type: 'float32', data, dims })
  float(names.addend, addend, [R, 1, d])
  if (shape.phases === 0) return

  const M = Math.max(...rows.map((stage) => stage?.slots.length ?? 0))
  const encoder = new Float32Array(R * d * M)
  const bias = new Float32Array(R * M)
  const threshold = new Float32Array(R * M)
  const decoder = new Float32Array(R * M * d)
  rows.forEach((stage, row) => {
    stage?.slots.forEach((slot, m) => {
      const column = checkWidth(slot.encoder, d)
      for (let i = 0; i < d; i++) encoder[(row * d + i) * M + m] = column[i]!
      bias[row * M + m] = slot.bias
      threshold[row * M + m] = slot.threshold
      decoder.set(checkWidth(slot.decoder, d), (row * M + m) * d)
    })
  })
  float(names.encoder, encoder, [R, d, M])
  float(names.bias, bias, [R, 1, M])
  float(names.threshold, threshold, [R, 1, M])
  float(names.decoder, decoder, [R, M, d])

  for (let phase = 0; phase < shape.phases; phase++) {
    const gate = new Float32Array(R * M * M)
    const limit = new Float32Array(R * M).fill(Number.NEGATIVE_INFINITY)
    const gain = new Float32Array(R * M).fill(1)
    const offset = new Float32Array(R * M)
    rows.forEach((stage, row) => {
      for (const update of stage?.phases[phase] ?? []) {
        const at = row * M + update.slot
        gain[at] = 1 + update.alpha
        offset[at] = update.beta
        if (update.gateSlot === null) continue
        limit[at] = update.gateThreshold
        gate[(row * M + update.gateSlot) * M + update.slot] = 1
      }
    })
    float(names.gate(phase), gate, [R, M, M])
    float(names.limit(phase), limit, [R, 1, M])
    float(names.gain(phase), gain, [R, 1, M])
    float(names.offset(phase), offset, [R, 1, M])
  }
}

function checkWidth(vector: Float32Array, d: number): Float32Array {
  if (vector.length !== d)
    throw new Error(`an edit vector of ${vector.length} numbers does not fit a hook point of width ${d}`)
  return vector
}
