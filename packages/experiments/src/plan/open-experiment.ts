import type { PreparedEvaluation } from '@saeval/eval-harness'
import { InputError } from '@saeval/hub'
import { getModelFactory, type LanguageModel, type ModelArguments, type ModelContext } from '@saeval/language-model'
import type { Intervention } from '@saeval/sae-core'
import { placesOf } from '../edit-places.js'
import { type Opening, openEvaluation, tasksOfRun } from '../open-evaluation.js'
import { fingerprintOf, openSweep, type SweepOpening, type SweepSpec } from '../open-sweep.js'
import { plainArguments } from '../plain-arguments.js'
import type { RunSettings } from '../run-settings.js'
import { readCellFile } from '../steering-files.js'
import { baselineId } from '../sweep-store.js'

/** A single run, or a sweep. */
export type ExperimentSpec =
  | ({ readonly kind: 'run' } & Pick<SweepSpec, 'run'>)
  | ({ readonly kind: 'sweep' } & SweepSpec)

/** A setting whose model can be asked. */
export interface OpenSetting {
  readonly id: string
  readonly model: LanguageModel
  /** Of the model with its edits. */
  readonly fingerprint: string
}

/** An experiment whose model is loaded and whose prompts are built. */
export interface OpenExperiment {
  readonly prepared: PreparedEvaluation
  /** Names of the settings, the unsteered model first; a run has one. */
  readonly settings: readonly string[]
  /** Steering CSVs of settings that have one of their own: name -> text. */
  readonly csvs: ReadonlyMap<string, string>
  /** A model that reads the prompts as all settings do. */
  readonly reader: LanguageModel
  /** Of the unsteered model; null of a run, whose model is one with its edits. */
  readonly baseFingerprint: string | null
  /**
   * Calls back with each of some settings, one after the other; what comes before their edits is computed once. `csvOf` is where a setting's CSV is.
   * Gives the share of work that each further setting takes.
   */
  each(
    ids: readonly string[],
    csvOf: (id: string) => string,
    use: (setting: OpenSetting) => Promise<void>,
  ): Promise<number>
  close(): Promise<void>
}

/** Name of the one setting of a run. */
export const runSetting = 'run'

/** Opens what a plan is about. Throws InputError as the run or the sweep does. */
export async function openExperiment(spec: ExperimentSpec, opening: SweepOpening): Promise<OpenExperiment> {
  return spec.kind === 'run' ? openSingleRun(spec, opening) : openCells(spec, opening)
}

async function openCells(spec: SweepSpec, opening: SweepOpening): Promise<OpenExperiment> {
  const { cells, prepared, base, backend, steering, close } = await openSweep(spec, opening)
  const baseFingerprint = await fingerprintOf(base, backend)
  return {
    prepared,
    settings: [baselineId, ...cells.map(({ id }) => id)],
    csvs: new Map(cells.map(({ id, csv }) => [id, csv])),
    reader: base,
    baseFingerprint,
    each: async (ids, csvOf, use) => {
      const own = cells.filter(({ id }) => ids.includes(id))
      const places: (readonly Intervention[])[] = []
      for (const cell of own) {
        const opened = await steering(cell, await readCellFile(csvOf(cell.id), cell))
        try {
          const { interventions } = await opened.lower(base)
          if (!places.some((known) => placesOf(known) === placesOf(interventions))) places.push(interventions)
        } finally {
          await opened.close()
        }
      }
      const shared = places.length === 0 ? base : (base.shareBelow?.(places) ?? base)
      if (ids.includes(baselineId)) {
        const model = shared.steer([])
        await use({ id: baselineId, model, fingerprint: await fingerprintOf(model, backend) })
      }
      for (const cell of own) {
        opening.signal?.throwIfAborted()
        const opened = await steering(cell, await readCellFile(csvOf(cell.id), cell))
        try {
          const lowered = await opened.lower(base)
          const fingerprint = await fingerprintOf(base.steer(lowered.interventions), backend)
          await use({ id: cell.id, model: await lowered.steer(shared), fingerprint })
        } finally {
          await opened.close()
        }
      }
      return shared.furtherShare ?? 1
    },
    close,
  }
}

async function openSingleRun({ run }: { readonly run: RunSettings }, opening: Opening): Promise<OpenExperiment> {
  const modelArgs = plainArguments(run.model_args)
  const given = run.allow_inert_rows ? { ...modelArgs, allow_inert_rows: true } : modelArgs
  const { model, prepared, close } = await openEvaluation(
    run,
    tasksOfRun(run),
    (context) => openModel(run.model, given, context),
    opening,
  )
  return {
    prepared,
    settings: [runSetting],
    csvs: new Map(),
    reader: model,
    baseFingerprint: null,
    each: async (_ids, _csvOf, use) => {
      await use({ id: runSetting, model, fingerprint: await fingerprintOf(model, run.model) })
      return 1
    },
    close,
  }
}

/** Opens the model of a run. Throws InputError for one that does not tell what identifies it. */
async function openModel(name: string, args: ModelArguments, context: ModelContext): Promise<LanguageModel> {
  const model = await getModelFactory(name)(args, context)
  if (model.fingerprint) return model
  await model.close()
  throw new InputError(`model "${name}" cannot be planned: it lacks fingerprint of LanguageModel`)
}
