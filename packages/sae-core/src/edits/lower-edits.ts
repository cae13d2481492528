import type {
  EditStage,
  FromEdit,
  Gate,
  Intervention,
  LatentUpdate,
  SaeReplacement,
  SelectiveAdd,
} from '../intervention.js'
import type { SaeFile } from '../loaders/open-sae.js'
import { internSelection, type PositionSelection } from '../position-selection.js'
import { type CheckedEdit, checkEdit, hasOwnLatents } from './check-edit.js'
import { EditError, inEdit } from './edit-error.js'
import { type HeadSize, headSizeAt } from './head-size.js'
import { isProjection, type ProjectAction, projectionChanges } from './projection.js'
import { headPart, type PendingSlot, readingOf, StageSlots } from './stage-slots.js'
import type { EditAction, Semantics, SteeringEdit } from './steering-edit.js'
import { uncentred, wholeSae } from './whole-sae.js'

export interface LowerOptions {
  /** "direct" by default. */
  readonly semantics?: Semantics
  /** Size of one head of the model's attn.hook_z; needed by edits of one head. */
  readonly dHead?: HeadSize
}

/**
 * Turns edits into interventions: by hook point, inside it by SAE in order of first appearance; project_scale and project_cap are each a step of their
 * own among these, as in Neuronpedia. Reads from each SAE only what its edits need: one
 * decoder row for `add`, also an encoder column for edits that read a latent; the whole file for top-k SAEs and for semantics other than direct.
 * Throws EditError for edits that cannot act.
 */
export async function lowerEdits(edits: readonly SteeringEdit[], options: LowerOptions = {}): Promise<Intervention[]> {
  return lowerChecked(
    edits.map((edit) => checkEdit(edit, options.semantics)),
    options,
  )
}

/** lowerEdits, of edits that were checked for the same semantics. Throws EditError for numbers beyond float32 and for heads that the model lacks. */
export async function lowerChecked(edits: readonly CheckedEdit[], options: LowerOptions = {}): Promise<Intervention[]> {
  const hookPoints = new Map<string, Step[]>()
  for (const [number, edit] of edits.entries()) {
    checkNumbers(edit)
    checkHead(edit, options.dHead)
    // a cross-layer transcoder changes each layer that its latent writes to
    for (const sae of [edit.sae, ...edit.sae.laterLayers]) {
      const { hookPointOut } = sae.config
      const steps = hookPoints.get(hookPointOut) ?? []
      hookPoints.set(hookPointOut, steps)
      const row = { ...edit, sae, number, counted: sae === edit.sae ? { edit: number } : {} }
      const isAlone = edit.action === 'project_scale' || edit.action === 'project_cap'
      const step = isAlone ? undefined : steps.find((other) => other.sae === sae && !other.isAlone)
      if (step === undefined) steps.push({ sae, isAlone, rows: [row] })
      else step.rows.push(row)
    }
  }
  const interventions: Intervention[] = []
  for (const [hookPoint, steps] of hookPoints) {
    const stages: EditStage[] = []
    for (const { sae, rows } of steps)
      stages.push(await inEdit(edits[rows[0]!.number]!, () => lowerStage(sae, rows, options)))
    interventions.push({ hookPoint, stages })
  }
  return interventions
}

/** An edit, or its part in a later layer, and its place in the list that is lowered. */
type NumberedEdit = SteeringEdit & {
  readonly number: number
  /** By which it is counted: at the first layer that it changes. */
  readonly counted: FromEdit
}

/** Edits that read the same activation. */
interface Step {
  readonly sae: SaeFile
  /** Whether it is one edit that others do not join. */
  readonly isAlone: boolean
  readonly rows: NumberedEdit[]
}

function checkNumbers(edit: SteeringEdit): void {
  const numbers = { coefficient: edit.coefficient, threshold: edit.threshold, condition: edit.condition?.above }
  for (const field of ['coefficient', 'threshold', 'condition'] as const) {
    const value = numbers[field]
    if (value !== undefined && !Number.isFinite(Math.fround(value)))
      throw new EditError(edit, field, `${value} is not a finite float32 number`)
  }
}

/** Throws EditError for an edit of a head that the model lacks. */
export function checkHead(edit: SteeringEdit, dHead: HeadSize | undefined): void {
  if (edit.head === undefined) return
  if (dHead === undefined) throw new EditError(edit, 'head', 'the size of a head is not known; give dHead')
  const { hookPointOut, dOut } = edit.sae.config
  const heads = dOut / headSizeAt(dHead, hookPointOut)
  if (Number.isInteger(edit.head) && edit.head >= 0 && edit.head < heads) return
  throw new EditError(edit, 'head', `head ${edit.head} is out of range: ${hookPointOut} has heads 0 to ${heads - 1}`)
}

/** The rows of one step as one stage; formulas in docs/steering.md. */
async function lowerStage(
  file: SaeFile,
  edits: readonly NumberedEdit[],
  { semantics = 'direct', dHead: ofModel }: LowerOptions,
): Promise<EditStage> {
  // without additions D(E(x)) of fork cancels what the SAE puts back: only the changed latents remain
  const isReplaced = semantics === 'pr2641' || (semantics === 'fork' && edits.some((row) => row.action === 'add'))
  // a saeReplacement centres its input before anything is added to it
  const sae = isReplaced ? uncentred(file) : file
  const rows = edits.map((row) => ({ ...row, sae }))
  // hook points without heads have no size of one
  const isOfHead = ofModel !== undefined && rows.some(({ head }) => head !== undefined)
  const dHead = isOfHead ? headSizeAt(ofModel, sae.config.hookPointOut) : undefined
  const slots = new StageSlots(sae, dHead)
  const added = rows.filter((row) => isAddition(row))
  const updates = rows.filter((row) => !isAddition(row)).map((row) => pendingUpdate(row, slots, semantics))
  const additions = added.map((row) => ({ row, gates: conditionOf(row, slots) }))
  const { readers, place } = await slots.read()
  const placed = (gates: readonly PendingGate[]): Gate[] =>
    gates.map(({ slot, above }) => ({ slot: place(slot), above }))

  const always = additions.filter(({ row, gates }) => gates.length === 0 && row.positions === undefined)
  const selective = additions.filter(({ row, gates }) => gates.length > 0 || row.positions !== undefined)
  const adds: SelectiveAdd[] = []
  for (const { row, gates } of selective) {
    const vector = await sumOfAdds(sae, [row], dHead)
    adds.push({ vector: vector!, gates: placed(gates), positions: row.positions ?? null, ...row.counted })
  }
  const gatesRead = semantics === 'direct' ? 'clean' : 'running'
  return {
    addend: await sumOfAdds(
      sae,
      always.map(({ row }) => row),
      dHead,
    ),
    adds,
    readers,
    phases: inPhases(
      updates.map((update) => ({ ...update, slot: place(update.slot), gates: placed(update.gates) })),
      gatesRead,
    ),
    gatesRead,
    saeReplacement: isReplaced ? await replacementOf(file, rows, semantics) : null,
  }
}

/** The whole SAE, where it must run: fork's additions pass through it, and pr2641 leaves nothing else of the activation. */
async function replacementOf(
  file: SaeFile,
  rows: readonly SteeringEdit[],
  kind: SaeReplacement['kind'],
): Promise<SaeReplacement> {
  const { encoder, decoder } = await wholeSae(uncentred(file))
  const selections = rows.map((row) => row.positions ?? null)
  const everywhere = selections.includes(null)
  return {
    kind,
    ...readingOf(file),
    centres: file.config.centreInput,
    encoder,
    decoder,
    positions: everywhere ? null : distinct(selections),
  }
}

function distinct(selections: readonly (PositionSelection | null)[]): PositionSelection[] {
  return [...new Set(selections.flatMap((item) => (item === null ? [] : [internSelection(item)])))]
}

/** Rows that add a vector without looking at a latent of theirs. */
function isAddition(row: SteeringEdit): boolean {
  return row.action === 'add' || (row.action === 'add_latent' && !hasOwnLatents(row.sae))
}

/** Sum of c * W_dec[latent], in float64; add_latent in the SAE's own scale. */
async function sumOfAdds(
  sae: SaeFile,
  rows: readonly SteeringEdit[],
  dHead: number | undefined,
): Promise<Float32Array | null> {
  if (rows.length === 0) return null
  const sum = new Float64Array(sae.config.dOut)
  for (const { action, latent, coefficient, head } of rows) {
    const vector = headPart(await sae.decoderRow(latent), head ?? null, dHead)
    const factor = action === 'add' ? coefficient : coefficient / sae.config.inputScale
    for (let i = 0; i < sum.length; i++) sum[i]! += factor * vector[i]!
  }
  return Float32Array.from(sum)
}

interface PendingGate {
  readonly slot: PendingSlot
  readonly above: number
}

function conditionOf({ condition }: SteeringEdit, slots: StageSlots): PendingGate[] {
  return condition ? [{ slot: slots.watched(condition.sae, condition.latent), above: condition.above }] : []
}

const updateOf: Readonly<
  Record<Exclude<EditAction, 'add' | ProjectAction>, (coefficient: number) => { alpha: number; beta: number }>
> = {
  add_latent: (c) => ({ alpha: 0, beta: c }),
  clamp: (v) => ({ alpha: -1, beta: v }),
  clamp_active: (v) => ({ alpha: -1, beta: v }),
  clamp_above: (v) => ({ alpha: -1, beta: v }),
  clamp_refusal: (v) => ({ alpha: -1, beta: v }),
  scale: (m) => ({ alpha: m - 1, beta: 0 }),
  ablate: () => ({ alpha: -1, beta: 0 }),
}

function pendingUpdate(row: NumberedEdit, slots: StageSlots, semantics: Semantics) {
  const { latent, head = null } = row
  const condition = conditionOf(row, slots)
  const rest = { positions: row.positions ?? null, ...row.counted }
  if (isProjection(row.action)) {
    const { above, ...change } = projectionChanges[row.action](row.coefficient)
    const slot = slots.direction(latent, row.fromDecoderBias ?? false, head)
    return { ...change, ...rest, slot, gates: [...(above === null ? [] : [{ slot, above }]), ...condition] }
  }
  const common = { ...updateOf[row.action as keyof typeof updateOf](row.coefficient), ...rest }
  switch (row.action) {
    case 'clamp_refusal': {
      const watched = slots.watched(row.sae, latent)
      return {
        ...common,
        slot: slots.written(row.setLatent!, head),
        gates: [{ slot: watched, above: row.threshold! }, ...condition],
      }
    }
    default: {
      const slot = slots.written(latent, head)
      return { ...common, slot, gates: [...ownGate(row, semantics).map((above) => ({ slot, above })), ...condition] }
    }
  }
}

/** f > 0 or f > t of the latent itself, or nothing. The authors of pr2641 and fork clamp a latent only where it is active. */
function ownGate({ action, threshold }: SteeringEdit, semantics: Semantics): number[] {
  if (action === 'clamp_above') return [threshold!]
  return action === 'clamp_active' || (action === 'clamp' && semantics !== 'direct') ? [0] : []
}

/**
 * Gates that read the clean f do not see other updates, so only rows on one latent must follow each other. Gates that read what earlier
 * rows have left come after every update of what they read.
 */
function inPhases(updates: readonly LatentUpdate[], gatesRead: EditStage['gatesRead']): LatentUpdate[][] {
  const phases: LatentUpdate[][] = []
  const written = new Map<number, number>()
  const read = new Map<number, number>()
  for (const update of updates) {
    const seen = gatesRead === 'clean' ? [] : update.gates.map(({ slot }) => slot)
    const after = [update.slot, ...seen].map((slot) => (written.get(slot) ?? -1) + 1)
    const phase = Math.max(...after, read.get(update.slot) ?? 0)
    written.set(update.slot, phase)
    for (const slot of seen) read.set(slot, Math.max(phase, read.get(slot) ?? 0))
    if (phases[phase] === undefined) phases[phase] = [update]
    else phases[phase].push(update)
  }
  return phases
}
