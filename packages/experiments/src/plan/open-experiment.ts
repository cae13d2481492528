import { indexTasks, loadTasks, type PreparedEvaluation, prepareEvaluation } from '@saeval/eval-harness'
import { findFunctionsAhead } from '@saeval/eval-harness/internal/find-functions-ahead'
import { builtInTasks } from '@saeval/eval-harness/internal/tasks/task-index'
import { InputError } from '@saeval/hub'
import { defaultSeed, getModelFactory, type LanguageModel, type ModelArguments } from '@saeval/language-model'
import { taskFunctions } from '@saeval/python'
import type { Intervention } from '@saeval/sae-core'
import { placesOf } from '../edit-places.js'
import { fingerprintOf, type OpeningSweep, openSweep, type SweepSpec } from '../open-sweep.js'
import type { RunSettings } from '../run-settings.js'
import { readCellFile } from '../steering-files.js'
import { baselineId } from '../sweep-store.js'

/** A single run, or a sweep. */
export type ExperimentSpec =
  | ({ readonly kind: 'run' } & Pick<SweepSpec, 'run' | 'modelArgs'>)
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
export async function openExperiment(spec: ExperimentSpec, opening: OpeningSweep): Promise<OpenExperiment> {
  return spec.kind === 'run' ? openRun(spec, opening) : openCells(spec, opening)
}

async function openCells(spec: SweepSpec, opening: OpeningSweep): Promise<OpenExperiment> {
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

async function openRun(
  { run, modelArgs }: { readonly run: RunSettings; readonly modelArgs: ModelArguments },
  {
    signal,
    hub: hubOptions,
    onNotice = () => {},
    onTasks = () => {},
    onPrepared,
    withoutDownload = false,
  }: OpeningSweep,
): Promise<OpenExperiment> {
  const tasks = loadTasks(indexTasks(run.include_path), run.tasks, {
    numFewshot: run.num_fewshot,
    metadata: new Map([...run.model_args, ...run.metadata]),
    genKwargs: run.gen_kwargs,
  })
  const hub = { ...(signal ? { signal } : {}), onNotice, ...hubOptions }
  const functions = taskFunctions([builtInTasks, ...run.include_path], {
    ...(signal ? { signal } : {}),
    onSlow: onNotice,
    unsafe: run.confirm_run_unsafe_code,
  })
  findFunctionsAhead(tasks, functions)
  let model: LanguageModel | null = null
  const close = async () => {
    await functions.close()
    await model?.close()
  }
  try {
    const given = run.allow_inert_rows ? { ...modelArgs, allow_inert_rows: true } : modelArgs
    const opened = await getModelFactory(run.model)(given, {
      batchSize: run.batch_size,
      maxBatchSize: run.max_batch_size,
      device: run.device,
      gpuMemory: run.gpu_memory,
      notice: onNotice,
      withoutDownload,
      hub,
    })
    model = opened
    const { fingerprint } = opened
    if (fingerprint === undefined)
      throw new InputError(`model "${run.model}" cannot be planned: it lacks fingerprint of LanguageModel`)
    const prepared = await prepareEvaluation({
      model,
      tasks,
      limit: run.limit,
      samples: run.samples,
      systemInstruction: run.system_instruction,
      applyChatTemplate: run.apply_chat_template,
      fewshotAsMultiturn: run.fewshot_as_multiturn ?? true,
      fewshotSeed: run.seed.fewshot ?? defaultSeed,
      confirmUnsafeCode: run.confirm_run_unsafe_code,
      functions,
      hub,
      onProgress: (progress) => {
        if (progress.stage === 'tasks') onTasks(progress)
      },
      onPrepared: (task) => {
        for (const line of task.warnings) onNotice(line, 'warning')
        onPrepared?.(task)
      },
      ...(signal ? { signal } : {}),
    })
    return {
      prepared,
      settings: [runSetting],
      csvs: new Map(),
      reader: opened,
      baseFingerprint: null,
      each: async (_ids, _csvOf, use) => {
        await use({ id: runSetting, model: opened, fingerprint: await fingerprint() })
        return 1
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}
