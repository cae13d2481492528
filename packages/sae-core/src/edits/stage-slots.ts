import type { LatentReader, LatentSlot } from '../intervention.js'
import type { SaeFile } from '../loaders/open-sae.js'
import { arriving } from '../read-point.js'
import type { SaeConfig } from '../sae-config.js'
import { type EffectiveLatent, effectiveLatents } from './effective-latent.js'
import { membershipOf, wholeSae } from './whole-sae.js'

/** A latent or direction that a stage reads, before its place among the stage's slots is known. */
export interface PendingSlot {
  /** null: a direction in plain coordinates. */
  readonly sae: SaeFile | null
  readonly latent: number
  readonly head: number | null
  readonly fromDecoderBias: boolean
  written: boolean
}

/** The latents that a stage reads or writes, each once. */
export class StageSlots {
  readonly #own: SaeFile
  readonly #dHead: number | undefined
  /** By SAE, and there by what tells them apart, in order of first appearance. */
  readonly #slots = new Map<SaeFile | null, Map<string, PendingSlot>>()

  constructor(own: SaeFile, dHead: number | undefined) {
    this.#own = own
    this.#dHead = dHead
  }

  /** A latent that the stage changes; an edit of one head changes its own copy. */
  written(latent: number, head: number | null): PendingSlot {
    const slot = this.#find({ sae: this.#own, latent, head, fromDecoderBias: false, written: true })
    slot.written = true
    return slot
  }

  /** A latent that is only read. */
  watched(sae: SaeFile, latent: number): PendingSlot {
    return this.#find({ sae, latent, head: null, fromDecoderBias: false, written: false })
  }

  /** The unit decoder row of a latent, as a direction of the activation itself. */
  direction(latent: number, fromDecoderBias: boolean, head: number | null): PendingSlot {
    return this.#find({ sae: null, latent, head, fromDecoderBias, written: true })
  }

  #find(wanted: PendingSlot): PendingSlot {
    const ofSae = this.#slots.get(wanted.sae) ?? new Map<string, PendingSlot>()
    this.#slots.set(wanted.sae, ofSae)
    const key = `${wanted.latent} ${wanted.head} ${wanted.fromDecoderBias}`
    const slot = ofSae.get(key) ?? wanted
    ofSae.set(key, slot)
    return slot
  }

  /** Reads what the slots need from their SAEs; `place` gives a slot's index in the stage. */
  async read(): Promise<{ readers: LatentReader[]; place: (slot: PendingSlot) => number }> {
    const places = new Map<PendingSlot, number>()
    const readers: LatentReader[] = []
    for (const [sae, slots] of this.#slots) {
      readers.push(await this.#reader(sae, [...slots.values()]))
      for (const slot of slots.values()) places.set(slot, places.size)
    }
    return { readers, place: (slot) => places.get(slot)! }
  }

  async #reader(sae: SaeFile | null, slots: readonly PendingSlot[]): Promise<LatentReader> {
    if (sae === null) {
      const directions: LatentSlot[] = []
      for (const slot of slots) directions.push(await this.#directionSlot(slot))
      return { readFrom: null, normalization: 'none', scalesOutput: false, whole: null, slots: directions }
    }
    const common = readingOf(sae, this.#own.config)
    if (membershipOf(sae.config).kind === 'all') {
      const effective = await effectiveLatents(
        sae,
        slots.map((slot) => slot.latent),
      )
      const read: LatentSlot[] = []
      for (const [index, slot] of slots.entries()) read.push(await this.#latentSlot(slot, effective[index]!))
      return { ...common, whole: null, slots: read }
    }
    const read: LatentSlot[] = []
    for (const slot of slots) read.push(await this.#memberSlot(slot))
    return { ...common, whole: (await wholeSae(sae)).encoder, slots: read }
  }

  async #latentSlot(slot: PendingSlot, { encoder, bias, threshold }: EffectiveLatent): Promise<LatentSlot> {
    const { latent } = slot
    return { latent, encoder, bias, threshold, decoder: await this.#decoderOf(slot) }
  }

  async #memberSlot(slot: PendingSlot): Promise<LatentSlot> {
    const { latent } = slot
    return { latent, encoder: new Float32Array(0), bias: 0, threshold: 0, decoder: await this.#decoderOf(slot) }
  }

  /** What one unit of the latent adds, in the SAE's own scale. */
  async #decoderOf({ sae, latent, head, written }: PendingSlot): Promise<Float32Array> {
    if (!written) return new Float32Array(this.#own.config.dOut)
    const { rescaleActsByDecoderNorm } = sae!.config
    const row = await sae!.decoderRow(latent)
    const scale = outputScale(sae!.config) * (rescaleActsByDecoderNorm ? lengthOf(row) : 1)
    return headPart(scale === 1 ? row : row.map((value) => value / scale), head, this.#dHead)
  }

  /** p = (x - b) . d with the unit decoder row d, not passed through any activation function. */
  async #directionSlot({ latent, fromDecoderBias, head }: PendingSlot): Promise<LatentSlot> {
    const row = headPart(await this.#own.decoderRow(latent), head, this.#dHead)
    return { latent, ...directionSlot(row, fromDecoderBias ? await this.#own.decoderBias() : null) }
  }
}

/** What an SAE's output is divided by: its input scale, which transcoders do not undo. */
export function outputScale({ hookPoint, hookPointOut, inputScale }: SaeConfig): number {
  return hookPoint === hookPointOut ? inputScale : 1
}

/** How an SAE reads the activation, for a stage that edits where another one writes: by default where it writes itself. */
export function readingOf(
  { config }: SaeFile,
  { hookPointOut: edited, severalFrom }: SaeConfig = config,
): Pick<LatentReader, 'readFrom' | 'normalization' | 'scalesOutput'> {
  const { hookPoint, hookPointOut, normalization } = config
  const readFrom = hookPoint === edited ? null : hookPoint
  return {
    // the parts of a latent in several layers act where others read, and all must see the same x
    readFrom: hookPoint === severalFrom ? arriving(hookPoint) : readFrom,
    normalization,
    // transcoders do not undo their input's normalisation
    scalesOutput: hookPoint === hookPointOut,
  }
}

/** The slot that measures and sets how far an activation reaches along a vector, from an origin or from zero. */
export function directionSlot(vector: Float32Array, origin: Float32Array | null): Omit<LatentSlot, 'latent'> {
  const length = lengthOf(vector)
  const direction = length === 0 ? vector : vector.map((value) => value / length)
  const bias = origin === null ? 0 : -origin.reduce((sum, value, i) => sum + value * direction[i]!, 0)
  return { encoder: direction, bias, threshold: Number.NEGATIVE_INFINITY, decoder: direction }
}

/** The vector with every head but one set to zero. */
export function headPart(vector: Float32Array, head: number | null, dHead: number | undefined): Float32Array {
  if (head === null) return vector
  const size = dHead!
  return vector.map((value, i) => (Math.floor(i / size) === head ? value : 0))
}

/** |v| */
export function lengthOf(vector: Float32Array): number {
  return Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0))
}
