import type { PreparedEvaluation } from '@saeval/eval-harness'
import { InputError, option, sentence } from '@saeval/hub'
import type { LanguageModel, ModelArguments, SteerableModel } from '@saeval/language-model'
import { type CsvSteering, openCsvSteering, type SteeringFile, saeSteeredBetaArguments } from '@saeval/steering'
import { openBase, splitArguments } from '@saeval/steering/internal/models/open-base'
import { type Opening, openEvaluation, tasksOfRun } from './open-evaluation.js'
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
export async function openSweep({ run, modelArgs: given, csv, axes }: SweepSpec, opening: Opening): Promise<OpenSweep> {
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
  const opened = await openEvaluation(run, tasksOfRun(run), (context) => openBase(baseName, split, context), opening)
  return {
    cells,
    prepared: opened.prepared,
    base: opened.model,
    baseName,
    backend: split.backend,
    backendArgs: split.rest,
    steering: (cell, file) =>
      openCsvSteering(
        baseName,
        file,
        cell.addsNothing ? { ...args, allow_inert_rows: true } : args,
        // the table of cells says what each did
        { ...opened.context, notice: () => {} },
      ),
    close: opened.close,
  }
}
