import type { SteerableModel } from '@saeval/language-model'
import { encode, type SaeFile } from '@saeval/sae-core'
import { wholeLengths, wholeRowLength } from '../edits/whole-row.js'

/** What a text does to an SAE's latents in the model as it is. */
export interface Inspection {
  readonly sae_release: string
  readonly sae_id: string
  readonly hook_point: string
  readonly tokens: readonly InspectedToken[]
  /** Lengths |x| of the activations at the hook point; a BOS token at the start, whose length is far from the others', is left out. */
  readonly norms: { readonly median: number; readonly max: number }
  readonly latents: readonly InspectedLatent[]
}

export interface InspectedToken {
  readonly position: number
  readonly text: string
  readonly norm: number
  /** The most active latents, most active first. */
  readonly top: readonly { readonly latent: number; readonly activation: number; readonly label?: string }[]
}

/** A latent that was asked for. */
export interface InspectedLatent {
  readonly latent: number
  /** What a features file says it is about; absent without. */
  readonly label?: string
  /** On each token. */
  readonly activations: readonly number[]
  readonly max: number
  /** |W_dec[latent]|; of one that writes to several layers, of its rows one after the other. */
  readonly decoder_norm: number
  /** The coefficient of `add` whose vector is as long as the median activation: median norm / decoder norm. */
  readonly coefficient_of_median_norm: number
}

export interface InspectTextOptions {
  readonly latents?: readonly number[]
  /** Latents shown for each token; 5 by default. */
  readonly top?: number
  /** What a latent is about; nothing is known by default. */
  readonly labelOf?: (latent: number) => string | null
}

/** Runs a text through the model and an SAE. The whole SAE is read. Throws InputError for latents it does not have and texts the model cannot take. */
export async function inspectText(
  model: SteerableModel,
  sae: SaeFile,
  text: string,
  { latents = [], top = 5, labelOf = () => null }: InspectTextOptions = {},
): Promise<Inspection> {
  const { hookPoint, dIn, dSae } = sae.config
  const ids = model.tokenizer.encode(text)
  const x = (await model.captureActivations(ids, [hookPoint])).get(hookPoint)!.data
  const lengths = await Promise.all(latents.map((latent) => wholeRowLength(sae, latent)))
  const f = encode({ config: sae.config, tensors: await sae.load() }, x)
  const norms = ids.map((_, position) => length(x.subarray(position * dIn, (position + 1) * dIn)))
  const counts = (all: readonly number[]) => (ids[0] === model.tokenizer.bos?.id && ids.length > 1 ? all.slice(1) : all)
  const counted = counts(norms)
  const middle = median(counted)
  // rows in several layers are as long as the activations of all of these
  const several = sae.laterLayers.length === 0 ? null : counts([...(await wholeLengths(model, ids, sae))])
  const labelled = (latent: number) => {
    const label = labelOf(latent)
    return label === null ? {} : { label }
  }
  return {
    sae_release: sae.reference.release,
    sae_id: sae.reference.id,
    hook_point: hookPoint,
    tokens: ids.map((id, position) => ({
      position,
      text: model.tokenizer.decode([id]),
      norm: norms[position]!,
      top: mostActive(f.subarray(position * dSae, (position + 1) * dSae), top).map((entry) => ({
        ...entry,
        ...labelled(entry.latent),
      })),
    })),
    norms: { median: middle, max: Math.max(...counted) },
    latents: latents.map((latent, index) => {
      const activations = ids.map((_, position) => f[position * dSae + latent]!)
      const decoderNorm = lengths[index]!
      return {
        latent,
        ...labelled(latent),
        activations,
        max: Math.max(...activations),
        decoder_norm: decoderNorm,
        coefficient_of_median_norm: (several === null ? middle : median(several)) / decoderNorm,
      }
    }),
  }
}

function mostActive(activations: Float32Array, count: number): { latent: number; activation: number }[] {
  const active = [...activations].flatMap((activation, latent) => (activation > 0 ? [{ latent, activation }] : []))
  return active.sort((a, b) => b.activation - a.activation || a.latent - b.latent).slice(0, count)
}

function length(vector: Float32Array): number {
  return Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0))
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
