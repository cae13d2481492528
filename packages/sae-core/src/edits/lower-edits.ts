import { InputError } from '@saeval/hub'
import type { EditStage, Intervention, LatentSlot, LatentUpdate } from '../intervention.js'
import type { SaeFile } from '../loaders/open-sae.js'
import { activationOf } from '../sae-config.js'
import { type EffectiveLatent, effectiveLatents } from './effective-latent.js'
import type { EditAction, SteeringEdit } from './steering-edit.js'

/**
 * Turns steering rows into interventions: by hook point, inside it by SAE in order of first appearance. Reads from each SAE only what
 * its rows need: one decoder row for `add`, also an encoder column for edits that read a latent. Throws InputError, naming the line,
 * for rows that cannot act.
 */
export async function lowerEdits(edits: readonly SteeringEdit[]): Promise<Intervention[]> {
  const hookPoints = new Map<string, Map<SaeFile, SteeringEdit[]>>()
  for (const edit of edits) {
    checkEdit(edit)
    const { hookPointOut } = edit.sae.config
    const saes = hookPoints.get(hookPointOut) ?? new Map<SaeFile, SteeringEdit[]>()
    hookPoints.set(hookPointOut, saes)
    saes.set(edit.sae, [...(saes.get(edit.sae) ?? []), edit])
  }
  const interventions: Intervention[] = []
  for (const [hookPoint, saes] of hookPoints) {
    const stages: EditStage[] = []
    for (const [sae, rows] of saes) stages.push(...(await located(rows[0]!, () => lowerSae(sae, rows))))
    interventions.push({ hookPoint, stages })
  }
  return interventions
}

function checkEdit(edit: SteeringEdit): void {
  const numbers = { steering_coefficient: edit.coefficient, threshold: edit.threshold ?? 0 }
  for (const [name, value] of Object.entries(numbers)) {
    if (!Number.isFinite(Math.fround(value)))
      throw new InputError(`${at(edit)}${name} ${value} is not a finite float32 number`)
  }
  for (const latent of [edit.latent, ...(edit.setLatent === undefined ? [] : [edit.setLatent])]) {
    const { dSae } = edit.sae.config
    if (Number.isInteger(latent) && latent >= 0 && latent < dSae) continue
    throw new InputError(
      `${at(edit)}latent ${latent} is out of range: ${edit.sae.reference.release} ${edit.sae.reference.id} has latents 0 to ${dSae - 1}`,
    )
  }
  if ((edit.action === 'clamp_above' || edit.action === 'clamp_refusal') && edit.threshold === undefined) {
    throw new InputError(`${at(edit)}${edit.action} needs a threshold`)
  }
  checkArchitecture(edit)
  if (edit.action === 'clamp_refusal' && edit.setLatent === undefined)
    throw new InputError(`${at(edit)}clamp_refusal needs the latent to set`)
}

/** Edits that read latents: each must be computable alone, from the activation that the SAE also writes. */
function checkArchitecture(edit: SteeringEdit): void {
  if (edit.action === 'add' || edit.action === 'project_clamp') return
  const { config } = edit.sae
  const refuse = (why: string) => new InputError(`${at(edit)}${edit.action} is not supported yet for ${why}; add is`)
  if (!['relu', 'jumprelu', 'gated'].includes(activationOf(config)))
    throw refuse(`SAEs of the architecture ${config.architecture}`)
  if (config.hookPoint !== config.hookPointOut) throw refuse('transcoders')
}

function at({ line }: SteeringEdit): string {
  return line === undefined ? '' : `line ${line}: `
}

/** Adds the line to errors that come from reading the row's SAE. */
async function located<Value>(edit: SteeringEdit, read: () => Promise<Value>): Promise<Value> {
  try {
    return await read()
  } catch (cause) {
    if (InputError.isInstance(cause)) throw new InputError(`${at(edit)}${cause.message}`, { cause })
    throw cause
  }
}

/** The stages of one SAE: its own, and one in plain coordinates for projections where the SAE normalises its input. */
async function lowerSae(sae: SaeFile, rows: readonly SteeringEdit[]): Promise<EditStage[]> {
  const { normalization } = sae.config
  const projections = rows.filter((row) => row.action === 'project_clamp')
  if (normalization === 'none' || projections.length === 0) return [await lowerStage(sae, rows, normalization)]
  if (projections.length < rows.length) {
    throw new InputError(
      `project_clamp cannot stand beside other actions on ${sae.reference.release} ${sae.reference.id}, which normalises its input`,
    )
  }
  return [await lowerStage(sae, projections, 'none')]
}

async function lowerStage(
  sae: SaeFile,
  rows: readonly SteeringEdit[],
  normalization: EditStage['normalization'],
): Promise<EditStage> {
  const adds = rows.filter((row) => row.action === 'add')
  const slots = new SlotTable(sae)
  const updates = rows.filter((row) => row.action !== 'add').map((row) => lowerUpdate(row, slots))
  return { normalization, addend: await sumOfAdds(sae, adds), slots: await slots.read(), phases: inPhases(updates) }
}

/** x' = x + sum of c * W_dec[latent], summed in float64. */
async function sumOfAdds(sae: SaeFile, adds: readonly SteeringEdit[]): Promise<Float32Array | null> {
  if (adds.length === 0) return null
  const sum = new Float64Array(sae.config.dOut)
  for (const { latent, coefficient } of adds) {
    const row = await sae.decoderRow(latent)
    for (let i = 0; i < sum.length; i++) sum[i]! += coefficient * row[i]!
  }
  return Float32Array.from(sum)
}

/**
 * A pre-activation that equals a JumpReLU threshold to within a language model's float32 rounding (1e-5, the tolerance of hook tensors)
 * counts as not above it. Without this the order of a sum would decide whether such a latent is active at all.
 */
const tieBreak = 1 + 1e-5

/** Own gate of an action: f > 0, f > t, or none. */
function ownGate({ action, threshold }: SteeringEdit): number | null {
  if (action === 'clamp_active') return 0
  return action === 'clamp_above' ? threshold! : null
}

const updateOf: Readonly<Record<Exclude<EditAction, 'add'>, (coefficient: number) => { alpha: number; beta: number }>> =
  {
    add_latent: (c) => ({ alpha: 0, beta: c }),
    clamp: (v) => ({ alpha: -1, beta: v }),
    clamp_active: (v) => ({ alpha: -1, beta: v }),
    clamp_above: (v) => ({ alpha: -1, beta: v }),
    clamp_refusal: (v) => ({ alpha: -1, beta: v }),
    scale: (m) => ({ alpha: m - 1, beta: 0 }),
    ablate: () => ({ alpha: -1, beta: 0 }),
    project_clamp: (v) => ({ alpha: -1, beta: v }),
  }

function lowerUpdate(row: SteeringEdit, slots: SlotTable): LatentUpdate {
  const { alpha, beta } = updateOf[row.action as Exclude<EditAction, 'add'>](row.coefficient)
  if (row.action === 'project_clamp') {
    const slot = slots.projection(row.latent, row.fromDecoderBias ?? false)
    return { slot, gateSlot: null, gateThreshold: Number.NEGATIVE_INFINITY, alpha, beta }
  }
  if (row.action === 'clamp_refusal') {
    return {
      slot: slots.written(row.setLatent!),
      gateSlot: slots.watched(row.latent),
      gateThreshold: row.threshold!,
      alpha,
      beta,
    }
  }
  const slot = slots.written(row.latent)
  const gate = ownGate(row)
  return { slot, gateSlot: gate === null ? null : slot, gateThreshold: gate ?? Number.NEGATIVE_INFINITY, alpha, beta }
}

/** The n-th update of a slot goes into phase n; updates of different slots do not see each other, for gates read the clean f. */
function inPhases(updates: readonly LatentUpdate[]): LatentUpdate[][] {
  const phases: LatentUpdate[][] = []
  const seen = new Map<number, number>()
  for (const update of updates) {
    const phase = seen.get(update.slot) ?? 0
    seen.set(update.slot, phase + 1)
    phases[phase] = [...(phases[phase] ?? []), update]
  }
  return phases
}

/** The latents that a stage reads or writes, each once. */
class SlotTable {
  readonly #sae: SaeFile
  readonly #slots: {
    readonly latent: number
    readonly kind: 'latent' | 'projection' | 'projection_from_bias'
    written: boolean
  }[] = []

  constructor(sae: SaeFile) {
    this.#sae = sae
  }

  written(latent: number): number {
    const index = this.#find(latent, 'latent')
    this.#slots[index]!.written = true
    return index
  }

  watched(latent: number): number {
    return this.#find(latent, 'latent')
  }

  projection(latent: number, fromDecoderBias: boolean): number {
    return this.#find(latent, fromDecoderBias ? 'projection_from_bias' : 'projection')
  }

  #find(latent: number, kind: 'latent' | 'projection' | 'projection_from_bias'): number {
    const index = this.#slots.findIndex((slot) => slot.latent === latent && slot.kind === kind)
    return index >= 0 ? index : this.#slots.push({ latent, kind, written: false }) - 1
  }

  async read(): Promise<LatentSlot[]> {
    const latents = this.#slots.filter((slot) => slot.kind === 'latent').map((slot) => slot.latent)
    const effective = new Map((await effectiveLatents(this.#sae, latents)).map((latent) => [latent.latent, latent]))
    const slots: LatentSlot[] = []
    for (const { latent, kind, written } of this.#slots) {
      slots.push(
        kind === 'latent'
          ? await this.#latentSlot(effective.get(latent)!, written)
          : await this.#projectionSlot(latent, kind === 'projection_from_bias'),
      )
    }
    return slots
  }

  async #latentSlot({ latent, encoder, bias, threshold }: EffectiveLatent, written: boolean): Promise<LatentSlot> {
    return {
      latent,
      encoder,
      bias,
      threshold: threshold * tieBreak,
      decoder: written ? await this.#sae.decoderRow(latent) : new Float32Array(this.#sae.config.dOut),
    }
  }

  /** p = (x - b) . d with the unit decoder row d, not passed through any activation function. */
  async #projectionSlot(latent: number, fromDecoderBias: boolean): Promise<LatentSlot> {
    const row = await this.#sae.decoderRow(latent)
    const length = Math.sqrt(dot(row, row))
    const direction = row.map((value) => value / length)
    const bias = fromDecoderBias ? -dot(await this.#sae.decoderBias(), direction) : 0
    return { latent, encoder: direction, bias, threshold: Number.NEGATIVE_INFINITY, decoder: direction }
  }
}

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, index) => sum + value * b[index]!, 0)
}
