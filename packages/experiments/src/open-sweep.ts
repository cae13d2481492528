import type { PreparedEvaluation, PreparedTask } from '@saeval/eval-harness'
import { InputError, option, sentence } from '@saeval/hub'
import type { LanguageModel, ModelArguments, SteerableModel } from '@saeval/language-model'
import {
  type CsvSteering,
  type LoweredSteering,
  openCsvSteering,
  type SteeringFile,
  saeSteeredBetaArguments,
} from '@saeval/steering'
import { openBase, splitArguments } from '@saeval/steering/internal/models/open-base'
import { controlCells, controlsOf, drawnControls } from './controls/control-cells.js'
import { type Opening, openEvaluation, tasksOfRun } from './open-evaluation.js'
import { plainArguments } from './plain-arguments.js'
import { generationSeed } from './run-cell.js'
import type { RunSettings } from './run-settings.js'
import { readSweepCsvs } from './steering-files.js'
import { type Cell, type SweepAxes, sweepCells } from './sweep-cells.js'
import { readCellCsv } from './sweep-store.js'

/** What a sweep is about. */
export interface SweepSpec {
  /** As for a single run; output_path is the sweep's folder, model_args are those of sae_steered_beta without csv_path. */
  readonly run: RunSettings
  /** Paths or patterns of steering CSVs. */
  readonly csv: readonly string[]
  readonly axes: SweepAxes
  /** Controls of each cell, of random latents and of random directions: as many of both, and one with the sign flipped. 0 (default) for none. */
  readonly controls?: number
}

/** How a sweep is opened. */
export interface SweepOpening extends Opening {
  /** Steering CSVs of controls that have been drawn already, by id; null where there is none. Absent where controls are to be drawn. */
  readonly drawn?: (id: string) => string | null
}

/** A sweep whose model is loaded and whose prompts are built. */
export interface OpenSweep {
  /** Those that are asked for, and after them their controls. */
  readonly cells: readonly Cell[]
  /** Runs in all, controls and the unsteered model among them; also where controls cannot be drawn yet. */
  readonly runs: number
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

/**
 * Reads the CSVs, makes the cells, loads the model and builds the prompts. Random latents that controls in the sweep's folder have stay, so that a folder
 * takes more tasks and controls. `drawing` calls back for the controls, to write them down before another process draws. Throws InputError for what does
 * not fit together.
 */
export async function openSweep(
  { run, csv, axes, controls = 0 }: SweepSpec,
  opening: SweepOpening,
  drawing: (draw: () => Promise<Cell[]>) => Promise<Cell[]> = (draw) => draw(),
): Promise<OpenSweep> {
  const cells = sweepCells(await readSweepCsvs(csv), axes)
  const split = splitArguments('sae_steered_beta', plainArguments(run.model_args), saeSteeredBetaArguments)
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
  const steering: OpenSweep['steering'] = (cell, file) =>
    openCsvSteering(
      baseName,
      file,
      argumentsOf(cell, args),
      // the table of cells says what each did
      { ...opened.context, notice: () => {} },
    )
  const { model: base, prepared, close } = opened
  const open = { prepared, base, baseName, backend: split.backend, backendArgs: split.rest, steering, close }
  const more = controls === 0 ? 0 : cells.reduce((sum, cell) => sum + controlsOf(cell, controls), 0)
  // what latents are like can only be seen with the weights
  if (more === 0 || opening.withoutDownload) return { ...open, cells, runs: cells.length + more + 1 }
  const withControls = (own: readonly Cell[]) => ({
    ...open,
    cells: [...cells, ...own],
    runs: cells.length + own.length + 1,
  })
  if (opening.drawn !== undefined) return withControls(drawnControls(cells, controls, opening.drawn))
  try {
    const { output_path: folder } = run
    const own = await drawing(() =>
      controlCells(cells, {
        base,
        steering,
        texts: firstDocuments(prepared.tasks),
        count: controls,
        seed: generationSeed(run),
        before: (id) => (folder === null ? null : readCellCsv(folder, id)),
        ...(opening.signal ? { signal: opening.signal } : {}),
        ...(opening.onNotice ? { onNotice: opening.onNotice } : {}),
      }),
    )
    return withControls(own)
  } catch (error) {
    await close()
    throw error
  }
}

/** The arguments that a cell's CSV is read with: a control may do nothing, and its coefficients are plain numbers. */
export function argumentsOf<Args extends object>({ addsNothing, control }: Cell, args: Args): Args {
  const isPlain = control !== undefined
  const kept = Object.entries(args).filter(([name]) => !(isPlain && (name === 'unit' || name === 'features_path')))
  return { ...(Object.fromEntries(kept) as Args), ...(addsNothing || isPlain ? { allow_inert_rows: true } : {}) }
}

/** The arguments of a sweep that a cell's rows have used: the others are for other cells, and would be an error in a run of this one. */
export function usedArguments<Args extends object>(args: Args, { rows }: LoweredSteering): Args {
  const isUsed = ([name, value]: [string, unknown]) => {
    if (name === 'unit') return rows.some(({ row, unit }) => row.unit === undefined && unit !== null)
    return name !== 'features_path' || rows.some(({ unit }) => unit?.source === value)
  }
  return Object.fromEntries(Object.entries(args).filter(isUsed)) as Args
}

/** Documents of each task on which densities of latents are measured, at most. */
const densityDocuments = 16

function firstDocuments(tasks: readonly PreparedTask[]): PreparedTask[] {
  return tasks.map((task) => ({ ...task, asked: task.asked.slice(0, densityDocuments) }))
}
