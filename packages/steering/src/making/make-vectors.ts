import { type HubOptions, InputError, type Notice, option, sentence } from '@saeval/hub'
import { type DeviceChoice, deviceChoice, type ModelArguments } from '@saeval/language-model'
import { openSae, type SaeFile, type SaeReference } from '@saeval/sae-core'
import { writtenLayers } from '../edits/whole-row.js'
import { openBase, splitArguments } from '../models/open-base.js'
import { decoderRowsOf } from '../vectors/decoder-rows.js'
import { layerModule } from '../vectors/layer-place.js'
import { addition, type SteeredEntry, type SteeredFile } from '../vectors/steered-entry.js'
import { cosineOf, lengthOf, type MadeVector, meanDifference } from './mean-difference.js'
import type { TextPair } from './read-pairs.js'
import type { ReadPosition } from './read-position.js'

/** What `saeval vectors caa` makes vectors of. */
export interface CaaOptions extends DeviceChoice {
  /** pretrained, and what else the backend takes. */
  readonly modelArgs: ModelArguments
  readonly pairs: readonly TextPair[]
  /** What the pairs are from, for messages: a file, a task. */
  readonly source: string
  /** Layers from 0; null is all of them. */
  readonly layers: readonly number[] | null
  readonly position: ReadPosition
  /** Sees what will come, before a text is read: vectors of no numbers at the same places. Throws where they could not be written. */
  readonly check?: (file: SteeredFile) => void
  readonly hub: HubOptions
  readonly onNotice: Notice
  readonly signal?: AbortSignal
}

/** Vectors that were made, as a file would hold them. */
export interface MadeVectors<Vector> {
  readonly file: SteeredFile
  readonly vectors: readonly Vector[]
}

/** The mean difference of pairs of texts at each layer. Throws InputError as meanDifference does, and where texts do not differ. */
export async function caaVectors(options: CaaOptions): Promise<MadeVectors<MadeVector>> {
  const { hub, onNotice: notice, pairs, position, signal, source } = options
  const split = splitArguments('vectors caa', options.modelArgs, { pretrained: 'string' })
  const { pretrained } = split.own
  if (pretrained === undefined)
    throw new InputError(sentence`${option('modelArgs')} needs pretrained=…, the model that reads the pairs`)
  const model = await openBase(pretrained, split, { batchSize: '1', ...deviceChoice(options), notice, hub })
  try {
    const all = model.hookPoints.flatMap((name) => /^blocks\.(\d+)\.hook_resid_post$/.exec(name)?.[1] ?? []).map(Number)
    const layers = options.layers ?? all
    const entryOf = (layer: number, vector: Float32Array) =>
      addition({ path: source, entry: `layer ${layer}` }, layerModule(layer), vector)
    const planned = layers.map((layer) => entryOf(layer, new Float32Array()))
    options.check?.(fileOf(source, planned, model.family))
    const vectors = await meanDifference(model, {
      pairs,
      layers,
      position,
      ...(signal === undefined ? {} : { signal }),
    })
    const zero = vectors.find(({ norm }) => norm === 0)
    if (zero !== undefined)
      throw new InputError(
        `${source}: at layer ${zero.layer} the texts' activations do not differ; read another position`,
      )
    const entries = vectors.map(({ layer, vector }) => entryOf(layer, vector))
    return { file: fileOf(source, entries, model.family), vectors }
  } finally {
    await model.close()
  }
}

/** What `saeval vectors from-sae` makes a vector of. */
export interface FromSaeOptions {
  readonly sae: SaeReference
  readonly latents: readonly number[]
  /** One for each latent. */
  readonly weights: readonly number[]
  readonly hub: HubOptions
}

/** A decoder row and how it lies to the sum. */
export interface WeightedRow {
  readonly latent: number
  readonly weight: number
  /** Length of the row, without its weight. */
  readonly norm: number
  /** Cosine of the row, without its weight, and the sum. */
  readonly cosine: number
}

/** The sum at one place that the latents write to. */
export interface WeightedSum {
  readonly hookPoint: string
  /** Length of the sum. */
  readonly norm: number
  readonly rows: readonly WeightedRow[]
}

/**
 * The weighted sum of decoder rows, in float64, at the SAE's own place; of a cross-layer transcoder at each place that it writes to, but for those where
 * it is zero. Throws InputError for latents that the SAE lacks and sums that are zero everywhere.
 */
export async function vectorFromSae({
  sae: reference,
  latents,
  weights,
  hub,
}: FromSaeOptions): Promise<MadeVectors<WeightedSum>> {
  if (weights.length !== latents.length)
    throw new InputError(`there are ${latents.length} latents and ${weights.length} weights; give one for each`)
  const sae = await openSae(reference, hub)
  try {
    const { dSae } = sae.config
    const wrong = latents.find((latent) => !Number.isInteger(latent) || latent < 0 || latent >= dSae)
    if (wrong !== undefined) throw new InputError(`latent ${wrong} is out of range: the SAE has 0 to ${dSae - 1}`)
    const path = `${reference.release} ${reference.id}`
    const entries: SteeredEntry[] = []
    const vectors: WeightedSum[] = []
    for (const layer of writtenLayers(sae)) {
      const { sum, ...made } = await weightedSum(layer, latents, weights)
      if (made.norm === 0) continue
      vectors.push(made)
      // rows of a cross-layer transcoder stand for all of its layers
      const rows = latents.map((latent, at) => ({ latent, weight: weights[at]! }))
      entries.push({
        ...addition({ path }, made.hookPoint, Float32Array.from(sum)),
        ...(sae.laterLayers.length === 0 ? { decoderRows: decoderRowsOf(sae, rows) } : {}),
      })
    }
    if (entries.length === 0) throw new InputError('the weighted rows add up to a vector of length 0')
    return { file: fileOf(path, entries, null), vectors }
  } finally {
    await sae.close()
  }
}

async function weightedSum(
  { config: { dOut, hookPointOut }, decoderRow }: SaeFile,
  latents: readonly number[],
  weights: readonly number[],
): Promise<WeightedSum & { readonly sum: Float64Array }> {
  const sum = new Float64Array(dOut)
  const rows: Float32Array[] = []
  for (const [at, latent] of latents.entries()) {
    const row = await decoderRow(latent)
    rows.push(row)
    for (let i = 0; i < dOut; i++) sum[i]! += weights[at]! * row[i]!
  }
  const norm = lengthOf(sum)
  if (!Number.isFinite(Math.fround(norm)))
    throw new InputError(`the weighted rows add up to a vector of length ${norm} at ${hookPointOut}`)
  return {
    hookPoint: hookPointOut,
    norm,
    rows: latents.map((latent, at) => ({
      latent,
      weight: weights[at]!,
      norm: lengthOf(rows[at]!),
      cosine: cosineOf(rows[at]!, sum),
    })),
    sum,
  }
}

function fileOf(path: string, entries: SteeredFile['entries'], modelType: string | null): SteeredFile {
  return { path, sha256: '', entries, ignored: [], notices: [], modelType }
}
