import { InputError } from '@saeval/hub'
import type { EditStage, Intervention, LatentReader, LatentSlot, LatentUpdate, SelectiveAdd } from '../intervention.js'
import type { PositionSelection } from '../position-selection.js'
import { type HeadSize, headSizeAt } from './head-size.js'
import { constantSlot, type LowRank, linearSlots, loreftSlots, lowRankSlots, lowRankUpdates } from './low-rank.js'
import { type ProjectAction, projectionChanges } from './projection.js'
import { directionSlot, headPart, lengthOf } from './stage-slots.js'
import type { VectorChange } from './vector-change.js'

/** An edit along vectors that need not belong to an SAE. */
export interface VectorEdit {
  readonly hookPoint: string
  readonly change: VectorChange
  /** Whether what comes of it is brought back to the length of x, token by token. */
  readonly keepsNorm: boolean
  /** The only head that is changed, at attn.hook_z; vectors then have the size of one head or of all. null: everything. */
  readonly head: number | null
  /** null: everywhere. */
  readonly positions: PositionSelection | null
}

/**
 * Turns vector edits into interventions. Edits at one hook point act one after the other, each on what the one before has left. `width` is
 * the size of a hook point, `dHead` that of a head. Throws InputError for vectors that do not fit, numbers beyond float32, directions of length zero
 * and heads of changes that know none.
 */
export function lowerVectors(
  edits: readonly VectorEdit[],
  { width, dHead }: { readonly width: (hookPoint: string) => number; readonly dHead: HeadSize },
): Intervention[] {
  const stages = new Map<string, EditStage[]>()
  for (const [number, edit] of edits.entries()) {
    const stage = {
      ...stageOf(edit, number, width(edit.hookPoint), edit.head === null ? 0 : headSizeAt(dHead, edit.hookPoint)),
      ...(edit.keepsNorm ? { keepsNorm: true } : {}),
    }
    stages.set(edit.hookPoint, [...(stages.get(edit.hookPoint) ?? []), stage])
  }
  return [...stages].map(([hookPoint, list]) => ({ hookPoint, stages: list }))
}

const empty = { addend: null, adds: [], readers: [], phases: [], gatesRead: 'clean', saeReplacement: null } as const

/** The stage of one edit, which is number `edit` of those that are counted. */
function stageOf(given: VectorEdit, edit: number, width: number, dHead: number): EditStage {
  const { change, positions, head } = given
  if (head !== null && change.action !== 'add' && change.action !== 'project_clamp')
    throw new InputError(`${change.action} acts on whole activations, not on one head`)
  const fit = (vector: Float32Array) => fitted(vector, given, width, dHead)
  if (!Number.isFinite(Math.fround(change.coefficient)))
    throw new InputError(`${change.coefficient} is not a finite float32 number`)
  switch (change.action) {
    case 'add': {
      const vector = scaled(fit(change.vector), change.coefficient)
      if (positions === null) return { ...empty, addend: vector }
      const add: SelectiveAdd = { vector, gates: [], positions, edit }
      return { ...empty, adds: [add] }
    }
    case 'add_matched': {
      const vector = fit(change.vector)
      const { encoder, threshold } = constantSlot(vector)
      const decoder = vector.map((value) => value / (lengthOf(vector) + 1e-6))
      // s(x) is |x| / sqrt(d)
      const beta = change.coefficient * Math.sqrt(width)
      return updating(
        [{ latent: -1, encoder, bias: 0, threshold, decoder }],
        [{ slot: 0, gates: [], alpha: 0, beta, positions, edit }],
        {
          normalization: 'constant_norm_rescale',
          scalesOutput: true,
        },
      )
    }
    case 'project_clamp':
    case 'project_scale':
    case 'project_cap': {
      const vector = fit(change.vector)
      if (lengthOf(vector) === 0) throw new InputError('the vector is zero, so it has no direction')
      const origin = change.action !== 'project_clamp' || change.origin === null ? null : fit(change.origin)
      return updating([{ latent: -1, ...directionSlot(vector, origin) }], [{ ...projection(change), positions, edit }])
    }
    case 'replace': {
      const slot = constantSlot(scaled(fit(change.vector), change.coefficient))
      return replacing({ slots: [slot], alpha: 1 }, positions, edit)
    }
    case 'linear': {
      const { weight, bias } = change
      if (weight.length !== width ** 2 || (bias !== null && bias.length !== width))
        throw new InputError(
          misfit('the matrix', `[${bias?.length ?? Math.sqrt(weight.length)}]`, given.hookPoint, width),
        )
      return replacing(linearSlots(change), positions, edit)
    }
    case 'loreft': {
      const { rank, rotate, weight } = change
      if (rotate.length !== width * rank || weight.length !== width * rank)
        throw new InputError(misfit('R', `rows of ${weight.length / rank}`, given.hookPoint, width))
      const low = loreftSlots(change)
      return updating(low.slots, lowRankUpdates(low, { positions, edit }))
    }
    case 'low_rank': {
      const { rank, read, write } = change
      const other = [read, write].find(({ length }) => length !== width * rank)
      if (other !== undefined)
        throw new InputError(misfit('the low-rank map', `rows of ${other.length / rank}`, given.hookPoint, width))
      const low = lowRankSlots(change)
      return updating(low.slots, lowRankUpdates(low, { positions, edit }))
    }
  }
}

/** The update of the one slot that measures p. */
function projection({
  action,
  coefficient,
}: Extract<VectorChange, { readonly action: ProjectAction }>): Omit<LatentUpdate, 'positions' | 'edit'> {
  const { above, ...change } = projectionChanges[action](coefficient)
  return { ...change, slot: 0, gates: above === null ? [] : [{ slot: 0, above }] }
}

function updating(
  slots: readonly LatentSlot[],
  updates: readonly LatentUpdate[],
  reading: Pick<LatentReader, 'normalization' | 'scalesOutput'> = { normalization: 'none', scalesOutput: false },
): EditStage {
  return { ...empty, readers: [{ readFrom: null, ...reading, whole: null, slots }], phases: [updates] }
}

/** A stage that takes x away before it adds. */
function replacing(low: LowRank, positions: PositionSelection | null, edit: number): EditStage {
  return { ...updating(low.slots, lowRankUpdates(low, { positions, edit })), drops: { positions } }
}

function scaled(vector: Float32Array, coefficient: number): Float32Array {
  const result = vector.map((value) => coefficient * value)
  if (result.every(Number.isFinite)) return result
  throw new InputError(`${coefficient} times the vector is not a finite float32 vector`)
}

function misfit(what: string, size: string, hookPoint: string, width: number): string {
  return `${what} has ${size} numbers, but ${hookPoint} has ${width}: it was made for another place or model`
}

/** The vector in the hook point's size: the part of one head stands at its place among zeros. */
function fitted(vector: Float32Array, { hookPoint, head }: VectorEdit, width: number, dHead: number): Float32Array {
  if (head === null) {
    if (vector.length === width) return vector
    throw new InputError(misfit('the vector', String(vector.length), hookPoint, width))
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
