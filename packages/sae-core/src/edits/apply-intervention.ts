import type {
  EditStage,
  FromEdit,
  Gate,
  Intervention,
  LatentReader,
  SaeReplacement,
  WholeEncoder,
} from '../intervention.js'
import { normalizeInput } from '../math/normalize.js'
import { isSelected, type PositionSelection, type TokenPlace } from '../position-selection.js'

export interface ApplyOptions {
  /** Activations [n, width] at the other hook points that stages read: the inputs of transcoders. */
  readonly reads?: ReadonlyMap<string, Float32Array>
  /** The n tokens, for edits that select positions; without it they act everywhere. */
  readonly places?: readonly TokenPlace[]
  /**
   * Called for each update that changes its latent's value at a token, and each addition with gates or positions that is made there; in a
   * saeReplacement not for additions, whose vectors go through the SAE.
   */
  readonly onActs?: (part: FromEdit, token: number) => void
}

/**
 * Applies an intervention to activations x [n, d]: the plain form of what the ONNX graph computes, in float64. Returns a new array.
 */
export function applyIntervention(
  x: Float32Array,
  { stages }: Intervention,
  d: number,
  { reads, places, onActs }: ApplyOptions = {},
): Float32Array {
  const result = new Float32Array(x.length)
  const count = x.length / d
  for (let row = 0; row < count; row++) {
    const read = (hookPoint: string) => {
      const values = reads?.get(hookPoint)
      if (!values) throw new Error(`the activation at ${hookPoint} is needed`)
      const width = values.length / count
      return Float64Array.from(values.subarray(row * width, (row + 1) * width))
    }
    const selected = (positions: PositionSelection | null) =>
      positions === null || places === undefined || isSelected(positions, places[row]!)
    const edited = stages.reduce<Float64Array>(
      (value, stage) => applyStage(value, stage, read, selected, (part) => onActs?.(part, row)),
      Float64Array.from(x.subarray(row * d, (row + 1) * d)),
    )
    result.set(edited, row * d)
  }
  return result
}

type Read = (hookPoint: string) => Float64Array
type Selected = (positions: PositionSelection | null) => boolean

function applyStage(
  x: Float64Array,
  stage: EditStage,
  read: Read,
  selected: Selected,
  onActs: (part: FromEdit) => void,
): Float64Array {
  const { addend, adds, readers, phases, saeReplacement } = stage
  const input = ({ readFrom }: { readFrom: string | null }) => (readFrom === null ? x : read(readFrom))
  const spliced = saeReplacement === null ? null : centred(input(saeReplacement), saeReplacement.centres)
  const shifted = spliced?.slice() ?? null
  const target = shifted ?? x.slice()
  if (addend) accumulate(target, addend, 1)

  const scales: number[] = []
  const clean: number[] = []
  const open = (values: readonly number[], gates: readonly Gate[], positions: PositionSelection | null) =>
    selected(positions) && gates.every(({ slot, above }) => values[slot]! > above)
  // additions of a saeReplacement have no gates: they come before anything is read
  if (shifted) for (const add of adds) if (selected(add.positions)) accumulate(target, add.vector, 1)
  for (const reader of readers) {
    const { values, scale } = normalizeInput(reader.normalization, shifted ?? input(reader))
    const acts = readSlots(reader, values)
    clean.push(...acts)
    scales.push(...acts.map(() => (reader.scalesOutput ? scale : 1)))
  }
  for (const add of shifted ? [] : adds) {
    if (!open(clean, add.gates, add.positions)) continue
    accumulate(target, add.vector, 1)
    if (add.vector.some((value) => value !== 0)) onActs(add)
  }

  const edited = [...clean]
  for (const phase of phases) {
    const before = stage.gatesRead === 'clean' ? clean : [...edited]
    for (const update of phase) {
      const { slot, alpha, beta } = update
      if (!open(before, update.gates, update.positions)) continue
      const next = (1 + alpha) * edited[slot]! + beta
      if (next !== edited[slot]) onActs(update)
      edited[slot] = next
    }
  }
  const change = new Float64Array(x.length)
  readers
    .flatMap((reader) => reader.slots)
    .forEach(({ decoder }, slot) => {
      accumulate(change, decoder, scales[slot]! * (edited[slot]! - clean[slot]!))
    })
  if (saeReplacement === null || shifted === null || spliced === null) {
    const dropped = stage.drops !== undefined && selected(stage.drops.positions)
    const result = target.map((value, i) => (dropped ? value - x[i]! : value) + change[i]!)
    return stage.keepsNorm ? asLongAs(x, result) : result
  }
  if (saeReplacement.positions !== null && !saeReplacement.positions.some(selected)) return x
  const put = reconstruct(saeReplacement, shifted)
  const taken = saeReplacement.kind === 'fork' ? reconstruct(saeReplacement, spliced) : null
  return x.map((value, i) => put[i]! + change[i]! + (taken === null ? 0 : value - taken[i]!))
}

function asLongAs(x: Float64Array, changed: Float64Array): Float64Array {
  const length = (vector: Float64Array) => Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0))
  const [before, after] = [length(x), length(changed)]
  return before === after ? changed : changed.map((value) => (value * before) / (after + 1e-8))
}

function centred(x: Float64Array, wanted: boolean): Float64Array {
  if (!wanted) return x
  const mean = x.reduce((sum, value) => sum + value, 0) / x.length
  return x.map((value) => value - mean)
}

function accumulate(sum: Float64Array, vector: Float32Array, factor: number): void {
  for (let i = 0; i < sum.length; i++) sum[i]! += factor * vector[i]!
}

/** Activations [n, slots] of a reader's latents, from activations x [n, d] at the hook point it reads; in float64. */
export function latentActivations(reader: LatentReader, x: Float32Array, d: number): Float32Array {
  const { slots, normalization } = reader
  const result = new Float32Array((x.length / d) * slots.length)
  for (let row = 0; row < x.length / d; row++) {
    const { values } = normalizeInput(normalization, Float64Array.from(x.subarray(row * d, (row + 1) * d)))
    result.set(readSlots(reader, values), row * slots.length)
  }
  return result
}

/** Activations of a reader's slots. */
function readSlots({ whole, slots }: LatentReader, values: Float64Array): number[] {
  const members = whole === null ? null : encodeWhole(whole, values)
  return slots.map(({ latent, encoder, bias, threshold }) => {
    const p =
      members === null
        ? values.reduce((sum, value, i) => sum + value * encoder[i]!, bias)
        : bias + (members[latent] ?? 0)
    return p > threshold ? p : 0
  })
}

/** f [d_sae] of a normalised input. */
function encodeWhole({ dSae, encoder, bias, threshold, membership }: WholeEncoder, values: Float64Array): Float64Array {
  const p = Float64Array.from(bias)
  values.forEach((value, i) => {
    for (let j = 0; j < dSae; j++) p[j]! += value * encoder[i * dSae + j]!
  })
  const stays = new Set<number>()
  const best = (from: number, to: number, count: number) => {
    const order = Array.from({ length: to - from }, (_, j) => from + j).sort((a, b) => p[b]! - p[a]! || a - b)
    for (const j of order.slice(0, count)) stays.add(j)
  }
  if (membership.kind === 'topk') best(0, dSae, membership.count)
  if (membership.kind === 'groupmax') {
    const size = dSae / membership.count
    for (let group = 0; group < membership.count; group++) best(group * size, (group + 1) * size, 1)
  }
  return p.map((value, j) => (value > threshold[j]! && (membership.kind === 'all' || stays.has(j)) ? value : 0))
}

/** D(E(x)). */
function reconstruct({ normalization, scalesOutput, encoder, decoder }: SaeReplacement, x: Float64Array): Float64Array {
  const normalized = normalizeInput(normalization, x)
  const f = encodeWhole(encoder, normalized.values)
  const sum = Float64Array.from(decoder.bias)
  f.forEach((value, j) => {
    if (value !== 0) for (let i = 0; i < sum.length; i++) sum[i]! += value * decoder.decoder[j * sum.length + i]!
  })
  const scale = scalesOutput ? normalized.scale : 1
  const shift = decoder.restoresMean ? normalized.shift : 0
  return sum.map((value) => value * scale + shift)
}
