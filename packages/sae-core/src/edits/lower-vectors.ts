import { InputError } from '@saeval/hub'
import type { EditStage, Intervention, SelectiveAdd } from '../intervention.js'
import type { PositionSelection } from '../position-selection.js'
import { directionSlot, headPart, lengthOf } from './stage-slots.js'

/** An edit along a vector that need not belong to an SAE. */
export interface VectorEdit {
  readonly hookPoint: string
  /** add: x + c v. project_clamp: x + (c - (x - origin) . u) u with u = v / |v|. */
  readonly action: 'add' | 'project_clamp'
  readonly vector: Float32Array
  /** c */
  readonly coefficient: number
  /** What project_clamp measures from; null is zero. */
  readonly origin: Float32Array | null
  /** The only head that is changed, at attn.hook_z; vectors then have the size of one head or of all. null: everything. */
  readonly head: number | null
  /** null: everywhere. */
  readonly positions: PositionSelection | null
}

/**
 * Turns vector edits into interventions. Edits at one hook point act one after the other, each on what the one before has left. `width` is
 * the size of a hook point, `dHead` that of a head. Throws InputError for vectors that do not fit and for directions of length zero.
 */
export function lowerVectors(
  edits: readonly VectorEdit[],
  { width, dHead }: { readonly width: (hookPoint: string) => number; readonly dHead: number },
): Intervention[] {
  const stages = new Map<string, EditStage[]>()
  for (const [number, edit] of edits.entries()) {
    const size = width(edit.hookPoint)
    const vector = fitted(edit.vector, edit, size, dHead)
    const stage = edit.action === 'add' ? addition(edit, number, vector) : projection(edit, number, vector, size, dHead)
    stages.set(edit.hookPoint, [...(stages.get(edit.hookPoint) ?? []), stage])
  }
  return [...stages].map(([hookPoint, list]) => ({ hookPoint, stages: list }))
}

const empty = { addend: null, adds: [], readers: [], phases: [], gatesRead: 'clean', saeReplacement: null } as const

function addition({ coefficient, positions }: VectorEdit, number: number, vector: Float32Array): EditStage {
  const scaled = vector.map((value) => coefficient * value)
  if (!scaled.every(Number.isFinite))
    throw new InputError(`${coefficient} times the vector is not a finite float32 vector`)
  if (positions === null) return { ...empty, addend: scaled }
  const add: SelectiveAdd = { vector: scaled, gates: [], positions, edit: number }
  return { ...empty, adds: [add] }
}

function projection(edit: VectorEdit, number: number, vector: Float32Array, width: number, dHead: number): EditStage {
  if (lengthOf(vector) === 0) throw new InputError('the vector is zero, so it has no direction to clamp along')
  if (!Number.isFinite(Math.fround(edit.coefficient)))
    throw new InputError(`${edit.coefficient} is not a finite float32 number`)
  const origin = edit.origin === null ? null : fitted(edit.origin, edit, width, dHead)
  const slot = { latent: -1, ...directionSlot(vector, origin) }
  const update = { slot: 0, gates: [], alpha: -1, beta: edit.coefficient, positions: edit.positions, edit: number }
  const reader = { readFrom: null, normalization: 'none', scalesOutput: false, whole: null, slots: [slot] } as const
  return { ...empty, readers: [reader], phases: [[update]] }
}

/** The vector in the hook point's size: the part of one head stands at its place among zeros. */
function fitted(vector: Float32Array, { hookPoint, head }: VectorEdit, width: number, dHead: number): Float32Array {
  if (head === null) {
    if (vector.length === width) return vector
    throw new InputError(
      `the vector has ${vector.length} numbers, but ${hookPoint} has ${width}: it was made for another place or model`,
    )
  }
  const heads = width / dHead
  if (!Number.isInteger(head) || head < 0 || head >= heads)
    throw new InputError(`head ${head} is out of range: ${hookPoint} has heads 0 to ${heads - 1}`)
  if (vector.length === width) return headPart(vector, head, dHead)
  if (vector.length !== dHead)
    throw new InputError(
      `the vector has ${vector.length} numbers; one head of ${hookPoint} has ${dHead}, all of them together ${width}`,
    )
  const placed = new Float32Array(width)
  placed.set(vector, head * dHead)
  return placed
}
