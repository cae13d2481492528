import {
  indexTasks,
  loadTasks,
  type PreparedEvaluation,
  type PreparedTask,
  prepareEvaluation,
} from '@saeval/eval-harness'
import { findFunctionsAhead } from '@saeval/eval-harness/internal/find-functions-ahead'
import { builtInTasks } from '@saeval/eval-harness/internal/tasks/task-index'
import { type HubOptions, InputError, type Notice, option, sentence } from '@saeval/hub'
import { defaultSeed, type LanguageModel, type ModelArguments, type SteerableModel } from '@saeval/language-model'
import { taskFunctions } from '@saeval/python'
import { type CsvSteering, openCsvSteering, type SteeringFile, saeSteeredBetaArguments } from '@saeval/steering'
import { openBase, splitArguments } from '@saeval/steering/internal/models/open-base'
import type { RunSettings } from './run-settings.js'
import { readSweepCsvs } from './steering-files.js'
import { type Cell, type SweepAxes, sweepCells } from './sweep-cells.js'

/** What a sweep is about. */
export interface SweepSpec {
  /** As for a single run; output_path is the sweep's folder, model_args are those of sae_steered_beta without csv_path. */
  readonly run: RunSettings
  /** The run's model_args as plain values. */
  readonly modelArgs: ModelArguments
  /** Paths or patterns of steering CSVs. */
  readonly csv: readonly string[]
  readonly axes: SweepAxes
}

/** Who is told of what while a sweep is opened. */
export interface OpeningSweep {
  readonly signal?: AbortSignal
  /** How files of the hub are fetched. */
  readonly hub?: HubOptions
  /** Lines for the user. */
  readonly onNotice?: Notice
  /** Tasks whose requests are built. */
  readonly onTasks?: (progress: { readonly stage: 'tasks'; readonly done: number; readonly total: number }) => void
  /** Called with each task when its requests are built. */
  readonly onPrepared?: (task: PreparedTask) => void
  /** Whether the model is to plan only, where its weights are not here. */
  readonly withoutDownload?: boolean
}

/** A sweep whose model is loaded and whose prompts are built. */
export interface OpenSweep {
  readonly cells: readonly Cell[]
  readonly prepared: PreparedEvaluation
  readonly base: SteerableModel
  readonly baseName: string
  /** The registered model that is steered, and its own arguments. */
  readonly backend: string
  readonly backendArgs: ModelArguments
  /** Opens the SAEs of a cell, whose CSV has been read; to be closed. */
  steering(cell: Cell, file: SteeringFile): Promise<CsvSteering>
  close(): Promise<void>
}

/** What identifies a model with its edits. Throws InputError for a backend that does not tell: answers could not be found again. */
export async function fingerprintOf(model: LanguageModel, backend: string): Promise<string> {
  if (model.fingerprint) return model.fingerprint()
  throw new InputError(`model "${backend}" cannot be swept: it lacks fingerprint of LanguageModel`)
}

/** Reads the CSVs, makes the cells, loads the model and builds the prompts. Throws InputError for what does not fit together. */
export async function openSweep(
  { run, modelArgs: given, csv, axes }: SweepSpec,
  {
    signal,
    hub: hubOptions,
    onNotice = () => {},
    onTasks = () => {},
    onPrepared,
    withoutDownload = false,
  }: OpeningSweep,
): Promise<OpenSweep> {
  const cells = sweepCells(await readSweepCsvs(csv), axes)
  const split = splitArguments('sae_steered_beta', given, saeSteeredBetaArguments)
  const args = {
    ...split.own,
    ...(run.allow_inert_rows ? { allow_inert_rows: true } : {}),
  }
  const { base_name: baseName } = args
  if (baseName === undefined)
    throw new InputError(sentence`${option('model_args')} needs base_name=…, the model to steer`)
  if (args.csv_path !== undefined)
    throw new InputError(
      sentence`a sweep takes its CSVs by ${option('csv')}, not by csv_path in ${option('model_args')}`,
    )
  const tasks = loadTasks(indexTasks(run.include_path), run.tasks, {
    numFewshot: run.num_fewshot,
    metadata: new Map([...run.model_args, ...run.metadata]),
    genKwargs: run.gen_kwargs,
  })
  const hub = {
    ...(signal ? { signal } : {}),
    onNotice,
    ...hubOptions,
  }
  const context = {
    batchSize: run.batch_size,
    maxBatchSize: run.max_batch_size,
    device: run.device,
    gpuMemory: run.gpu_memory,
    notice: onNotice,
    withoutDownload,
    hub,
  }
  const functions = taskFunctions([builtInTasks, ...run.include_path], {
    ...(signal ? { signal } : {}),
    onSlow: onNotice,
    unsafe: run.confirm_run_unsafe_code,
  })
  findFunctionsAhead(tasks, functions)
  let base: SteerableModel | null = null
  const close = async () => {
    await functions.close()
    await base?.close()
  }
  try {
    base = await openBase(baseName, split, context)
    const prepared = await prepareEvaluation({
      model: base,
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
      cells,
      prepared,
      base,
      baseName,
      backend: split.backend,
      backendArgs: split.rest,
      steering: (cell, file) =>
        openCsvSteering(
          baseName,
          file,
          cell.addsNothing ? { ...args, allow_inert_rows: true } : args,
          // the table of cells says what each did
          { ...context, notice: () => {} },
        ),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}
