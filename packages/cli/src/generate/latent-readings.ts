import { InputError } from '@saeval/hub'
import type { OnnxModel } from '@saeval/lm-backend-onnx'
import type { GenerationLatent } from '@saeval/report'
import { type LatentReader, latentActivations, lowerEdits } from '@saeval/sae-core'
import type { ScaledRow } from '../steering/coefficient-units.js'

/** A latent that a row edits, and how it is read from the model. */
export interface LatentReading {
  readonly latent: GenerationLatent
  readonly hookPoint: string
  readonly reader: LatentReader
}

/**
 * The latents that rows edit or watch, each once. SAEs that compute a latent from other tokens or in steps have no reading of one latent alone:
 * theirs are left out.
 */
export async function latentReadings(rows: readonly ScaledRow[]): Promise<LatentReading[]> {
  const readings = new Map<string, LatentReading>()
  for (const { row, edit } of rows) {
    for (const latent of [edit.latent, edit.setLatent ?? edit.latent]) {
      const key = JSON.stringify([row.sae_release, row.sae_id, latent])
      if (readings.has(key)) continue
      try {
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
          hookPoint: reader.readFrom ?? edited!.hookPoint,
          reader: { ...reader, slots: reader.slots.slice(0, 1) },
        })
      } catch (cause) {
        if (!InputError.isInstance(cause)) throw cause
      }
    }
  }
  return [...readings.values()]
}

/** Activation of each latent on each token from `promptLength` on, edits of the model applied. */
export async function readLatents(
  model: OnnxModel,
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
