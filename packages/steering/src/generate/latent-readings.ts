import { call, type Sentence, sentence } from '@saeval/hub'
import type { SteerableModel } from '@saeval/language-model'
import { type LatentReader, lowerEdits, readPoint } from '@saeval/sae-core'
import { latentActivations } from '@saeval/sae-core/internal/edits/apply-intervention'
import { hasOwnLatents } from '@saeval/sae-core/internal/edits/check-edit'
import type { ScaledRow } from '../edits/coefficient-units.js'
import type { GenerationLatent } from './generations.js'

/** A latent that a row edits, and how it is read from the model. */
export interface LatentReading {
  readonly latent: GenerationLatent
  readonly hookPoint: string
  readonly reader: LatentReader
}

/** The latents that rows edit or watch, each once. */
export interface LatentReadings {
  readonly readings: readonly LatentReading[]
  /** A sentence for each latent that cannot be read alone, because its SAE computes latents from other tokens, in steps or from more layers or models. */
  readonly unread: readonly Sentence[]
}

/** Finds how the latents of rows are read from the model. */
export async function latentReadings(rows: readonly ScaledRow[]): Promise<LatentReadings> {
  const readings = new Map<string, LatentReading | Sentence>()
  for (const { row, edit } of rows) {
    for (const latent of [edit.latent, edit.setLatent ?? edit.latent]) {
      const key = JSON.stringify([row.sae_release, row.sae_id, latent])
      if (readings.has(key)) continue
      if (!hasOwnLatents(edit.sae)) {
        const sae = `${row.sae_release} ${row.sae_id}`
        const { architecture, readsBeyond } = edit.sae.config
        readings.set(
          key,
          readsBeyond === null
            ? sentence`latent ${latent} of ${sae} has no activations here: a ${architecture} SAE computes a latent from other tokens or in steps; ${call('inspect')} shows them for a text`
            : sentence`latent ${latent} of ${sae} has no activations here: it reads ${readsBeyond.what}`,
        )
        continue
      }
      // an edit by nothing has the encoder column that the latent is read with
      const [edited] = await lowerEdits([{ sae: edit.sae, action: 'scale', latent, coefficient: 1 }])
      const reader = edited!.stages[0]!.readers[0]!
      readings.set(key, {
        latent: {
          latent,
          sae_release: row.sae_release,
          sae_id: row.sae_id,
          description: latent === edit.latent ? (row.description ?? '') : '',
        },
        hookPoint: reader.readFrom === null ? edited!.hookPoint : readPoint(reader.readFrom).hookPoint,
        reader: { ...reader, slots: reader.slots.slice(0, 1) },
      })
    }
  }
  const found = [...readings.values()]
  return {
    readings: found.filter((reading) => 'latent' in reading),
    unread: found.filter((reading) => 'parts' in reading),
  }
}

/** Activation of each latent on each token from `promptLength` on, edits of the model applied. */
export async function readLatents(
  model: SteerableModel,
  readings: readonly LatentReading[],
  ids: readonly number[],
  promptLength: number,
): Promise<number[][]> {
  const tokens = ids.length - promptLength
  if (readings.length === 0 || tokens === 0) return Array.from({ length: tokens }, () => [])
  const hookPoints = [...new Set(readings.map(({ hookPoint }) => hookPoint))]
  const captured = await model.captureActivations(ids, hookPoints, { promptLength })
  const columns = readings.map(({ hookPoint, reader }) => {
    const { data, dims } = captured.get(hookPoint)!
    return latentActivations(reader, data.subarray(promptLength * dims[1]), dims[1])
  })
  return Array.from({ length: tokens }, (_, token) => columns.map((column) => column[token]!))
}
