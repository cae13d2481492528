import { InputError, mountFiles } from '@saeval/hub'
import type { OnnxModel } from '@saeval/lm-backend-onnx'
import type { Intervention } from '@saeval/sae-core'
import { readSteeringFile } from '@saeval/steering/internal/edits/read-steering-file'
import { type Trial, tryEffects } from '@saeval/steering/internal/effects/check-effects'
import { type LatentReading, latentReadings } from '@saeval/steering/internal/generate/latent-readings'
import { type LoweredSteering, openCsvSteering } from '@saeval/steering/internal/models/csv-steering'
import { type SaeSteeredRow, writeSteeringCsv } from '@saeval/steering-csv'
import type { Edit } from '../edit.js'
import type { Playground } from '../playground.js'
import type { Latent, Parts, RowEffect } from '../protocol.js'

/** Where the page's CSV lies among its files. */
const path = 'steering.csv'

/** Edits as the model takes them. */
export interface Steering {
  readonly interventions: readonly Intervention[]
  /** The rows, for checks of what they do; null without edits. */
  readonly trial: Trial | null
  /** How the latents of the edits are read, in the order of the edits; null for one that cannot be read alone. */
  readonly readings: readonly (LatentReading | null)[]
}

/** The steering CSV of some edits: the one that the command line takes. */
export function csvOf({ saes }: Playground, latents: readonly (readonly Latent[])[], edits: readonly Edit[]): string {
  return writeSteeringCsv(
    edits.map(({ sae, latent, action, coefficient }, index): SaeSteeredRow => {
      const { release, id } = saes[sae]!
      return {
        line: index + 2,
        latent_idx: latent,
        steering_coefficient: coefficient,
        sae_release: release,
        sae_id: id,
        hook_action: action,
        clamp_value: null,
        refuse_id: null,
        description: latents[sae]?.find((known) => known.latent === latent)?.label ?? null,
        extra: {},
      }
    }),
  )
}

/** Reads a steering CSV as the command line does. Throws InputError with line and column for rows that do not fit the model or its SAEs. */
export async function steeringOf(model: OnnxModel, { model: name }: Playground, csv: string): Promise<Steering> {
  return lowered(model, name, csv, async ({ rows, interventions, trial }) => {
    const { readings } = await latentReadings(rows)
    const read = rows.map(
      ({ row }) =>
        readings.find(
          ({ latent }) =>
            latent.latent === row.latent_idx && latent.sae_release === row.sae_release && latent.sae_id === row.sae_id,
        ) ?? null,
    )
    return { interventions, trial, readings: read }
  })
}

/** Tries a steering CSV as `saeval run` does before it asks anything: what each row does, and why the file would be refused. */
export async function checkOf(model: OnnxModel, { model: name }: Playground, csv: string): Promise<Parts['check']> {
  return lowered(model, name, csv, async ({ interventions, trial }) => {
    try {
      const { report, inert } = await tryEffects(model.steer(interventions), trial)
      const rows = trial.rows.map(({ place: { line = 0 } }): RowEffect => {
        if (report.inert_lines.includes(line)) return 'inert'
        return report.silent_lines.includes(line) ? 'silent' : 'acts'
      })
      return { rows, problem: inert === null ? null : new InputError(inert).message }
    } catch (error) {
      // activations that overflow
      if (InputError.isInstance(error)) return { rows: [], problem: error.message }
      throw error
    }
  })
}

async function lowered<Result>(
  model: OnnxModel,
  name: string,
  csv: string,
  use: (lowered: LoweredSteering) => Promise<Result>,
): Promise<Result> {
  mountFiles({ [path]: new TextEncoder().encode(csv) })
  const file = await readSteeringFile(path)
  const opened = await openCsvSteering(name, file, {}, { hub: {}, notice: () => {} })
  try {
    return await use(await opened.lower(model))
  } finally {
    await opened.close()
  }
}
