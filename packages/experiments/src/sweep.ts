import { join } from 'node:path'
import { openStore } from '@saeval/eval-harness'
import { leaves, nodeName } from '@saeval/eval-harness/internal/tasks/load-tasks'
import { InputError, lines, option, type Sentence, sentence, writeFiles } from '@saeval/hub'
import type { LanguageModel, ModelArguments } from '@saeval/language-model'
import { type Comparison, compareWithBaseline, type Experiment, type ExperimentRun, nullEffects } from '@saeval/report'
import { experimentOfSweep } from '@saeval/report/internal/results/read-experiment'
import type { SweepFile } from '@saeval/report/internal/results/sweep-file'
import type { Intervention } from '@saeval/sae-core'
import { hasWholeSae } from '@saeval/sae-core/internal/intervention'
import type { SteeringFile } from '@saeval/steering'
import { eachClaimed } from './each-claimed.js'
import { placesOf } from './edit-places.js'
import type { Opening } from './open-evaluation.js'
import { argumentsOf, fingerprintOf, type OpenSweep, openSweep, type SweepSpec, usedArguments } from './open-sweep.js'
import { ownShare } from './own-share.js'
import { plainArguments } from './plain-arguments.js'
import type { PlanAnswers } from './plan-answers.js'
import type { PluginIdentity } from './plugin-identity.js'
import { evaluateCell, generationSeed, isOfCell, outcomeOf } from './run-cell.js'
import { readCellFile } from './steering-files.js'
import type { Cell } from './sweep-cells.js'
import type { SweepEvent, SweepPlan } from './sweep-events.js'
import { askedFingerprints, pluginsFingerprint } from './sweep-fingerprint.js'
import { baselineId, openSweepStore, type SweepStore, writeNewCsvs } from './sweep-store.js'
import { sweepTable } from './sweep-table.js'

export interface SweepOptions extends SweepSpec, Omit<Opening, 'onTasks' | 'withoutDownload' | 'standIn' | 'measured'> {
  /** The command line, for the record. */
  readonly command: string
  /** The program's version, for the record. */
  readonly saeval: string
  /** The plug-ins that are loaded: with other code, other cells. None by default. */
  readonly plugins?: readonly PluginIdentity[]
  readonly onEvent?: (event: SweepEvent) => void
  /** Where it is given, it is called when all tasks are prepared, and nothing runs and nothing is written; the result is null. */
  readonly onPlanned?: (plan: SweepPlan) => Promise<void>
  /** The plan whose answers are taken; absent where models are asked. */
  readonly merging?: PlanAnswers
}

/** What a sweep ends in: its runs, and each one's differences to the baseline. */
export interface SweepResult {
  readonly folder: string
  readonly experiment: Experiment
  readonly comparisons: readonly (readonly Comparison[])[]
}

/**
 * Runs every cell on the tasks that it has no results of, the unsteered baseline first: the model is loaded once, prompts are built once, and
 * the layers below all edits are computed once. Every cell's files are those of a single run; sweep.json says what was asked for, sweep.csv holds
 * the numbers. Interrupted and called again, with the same options or others, it takes what is there and was decided by the same model,
 * edits, documents and scoring. Several processes with one folder, on any hosts that share it, divide the cells among them. Throws InputError for what cannot run, before anything runs; and for cells whose edits turn out not to fit
 * the texts when all others have run.
 */
export async function sweep(options: SweepOptions & { readonly onPlanned?: undefined }): Promise<SweepResult>
export async function sweep(options: SweepOptions): Promise<SweepResult | null>
export async function sweep(options: SweepOptions): Promise<SweepResult | null> {
  const { run, signal, onEvent = () => {}, onNotice = () => {} } = options
  const folder = run.output_path
  if (folder === null) throw new InputError(sentence`a sweep needs ${option('output_path')}, the folder of its results`)
  const answers = run.use_cache === null || options.onPlanned ? null : openStore(run.use_cache, 'use_cache', onNotice)
  let opened: OpenSweep | null = null
  let store: SweepStore | null = null
  try {
    const withoutDownload = options.onPlanned !== undefined
    // with kept answers the model computes none
    const { merging } = options
    const opening = {
      ...options,
      onTasks: onEvent,
      withoutDownload,
      standIn: merging !== undefined,
      ...merging?.findings,
    }
    opened = await openSweep(options, opening, async (draw) => {
      let controls: Cell[] = []
      // one process draws, the others find what it has drawn
      await eachClaimed(folder, [{ id: 'controls' }], options, async () => {
        controls = await draw()
        writeNewCsvs(folder, controls)
      })
      return controls
    })
    const { cells, prepared, base, baseName, backend, backendArgs, steering: steeringOf } = opened
    if (options.onPlanned) {
      await options.onPlanned({ model: base, tasks: prepared.tasks, runs: opened.runs })
      return null
    }
    merging?.checkAsked(prepared, run)
    const tasksAsked = prepared.nodes.map(nodeName)
    store = openSweepStore({ folder, saeval: options.saeval, command: options.command, tasks: tasksAsked, cells })
    const csvOf = (id: string) => join(store!.cellFolder(id), 'steer.csv')
    const files = new Map<string, SteeringFile>()
    for (const cell of cells) files.set(cell.id, await readCellFile(csvOf(cell.id), cell))
    const asked = askedFingerprints(prepared, generationSeed(run))
    const plugins = pluginsFingerprint(options.plugins ?? [])
    const model = await fingerprintOf(base, backend)
    const enter = (id: string, edits: string) =>
      store!.enter(
        id,
        tasksAsked.map((task) => ({ task, model, edits, asked: asked.get(task)!, plugins })),
      )
    enter(baselineId, await fingerprintOf(base.steer([]), backend))
    // every cell that is to run is tried on the model before the first one runs
    const places: (readonly Intervention[])[] = []
    const generating = prepared.nodes.flatMap((node) =>
      leaves([node]).some(({ outputType }) => outputType === 'generate_until') ? [nodeName(node)] : [],
    )
    const writes = (tasks: readonly string[]) => generating.filter((task) => tasks.includes(task)).join()
    // the unsteered model is asked first
    const writing: { readonly id: string; readonly interventions: readonly Intervention[] }[] = [
      { id: baselineId, interventions: [] },
    ]
    for (const [done, cell] of cells.entries()) {
      const { id } = cell
      signal?.throwIfAborted()
      onEvent({ stage: 'tried', done, total: cells.length })
      const steering = await steeringOf(cell, files.get(id)!)
      try {
        const lowered = await steering.lower(base)
        const { interventions } = lowered
        const lacking = enter(id, await fingerprintOf(base.steer(interventions), backend))
        if (lacking.length === 0) continue
        await lowered.steer(base)
        if (!places.some((known) => placesOf(known) === placesOf(interventions))) places.push(interventions)
        // matrices of whole SAEs are too large to be kept for each setting
        if (writes(lacking) !== '' && !hasWholeSae(interventions)) writing.push({ id, interventions })
      } finally {
        await steering.close()
      }
    }
    onEvent({ stage: 'tried', done: cells.length, total: cells.length })
    const missing = store.begin()
    const there = cells.length + 1 - missing.length
    if (there > 0) onNotice(`${there} of ${cells.length + 1} runs are in ${folder} already`)
    if (store.renewed.size > 0)
      onNotice(`${store.renewed.size} runs in ${folder} are of other code of plug-ins and run again`, 'warning')
    const below = places.length === 0 ? base : (base.shareBelow?.(places) ?? base)
    let asking = ''
    const first = new Set<string>()
    // cells that lack the same texts and that no other process has or will write for
    const mayWrite = () => {
      const isOwn = ownShare(folder)
      return (at: number) => {
        const { id } = writing[at]!
        const may = isOwn(id, at) && writes(store!.look(id).missing) === asking
        if (may) first.add(id)
        return may
      }
    }
    const settings = writing.map(({ interventions }) => interventions)
    const shared = (settings.length > 1 && below.writeBeside?.(settings, mayWrite)) || below
    onEvent({ stage: 'start', cells: missing, laterShare: shared.furtherShare ?? 1 })
    const failures: Sentence[] = []
    const modelOf = async (
      id: string,
      use: (model: LanguageModel, args: ModelArguments, name: string) => Promise<void>,
    ) => {
      if (id === baselineId) return use(shared.steer([]), { pretrained: baseName, ...backendArgs }, backend)
      const cell = cells.find((one) => one.id === id)!
      const steering = await steeringOf(cell, files.get(id)!)
      try {
        const lowered = await steering.lower(base)
        const model = await lowered.steer(shared)
        await use(
          model,
          { ...usedArguments(argumentsOf(cell, plainArguments(run.model_args)), lowered), csv_path: csvOf(id) },
          'sae_steered_beta',
        )
      } finally {
        await steering.close()
      }
    }
    await eachClaimed(folder, missing, { ...options, first }, async (cell) => {
      const { missing: lacking, files: known } = store!.look(cell.id)
      if (lacking.length === 0) {
        onEvent({ stage: 'finished', cell, outcome: outcomeOf(join(folder, known.at(-1)!)) })
        return
      }
      // a plan has answers to the requests of all tasks together
      const tasks = merging === undefined ? lacking : tasksAsked
      asking = writes(tasks)
      try {
        await modelOf(cell.id, async (model, modelArgs, name) => {
          const { file, outcome } = await evaluateCell(options, prepared, {
            tasks,
            model,
            modelArgs,
            name,
            folder: store!.cellFolder(cell.id),
            answers,
            isWhole: tasks.length === tasksAsked.length,
          })
          store!.finish(cell.id, tasks, file)
          onEvent({ stage: 'finished', cell, outcome })
        })
      } catch (cause) {
        // an edit that this text cannot have is no reason to leave the other cells out
        if (signal?.aborted || cell.id === baselineId || !isOfCell(cause)) throw cause
        onEvent({ stage: 'finished', cell, outcome: { error: cause.sentence } })
        failures.push(cause.sentence)
      }
    })
    const result = await summarize(folder, store.end())
    if (failures.length > 0)
      throw new InputError(
        sentence`${failures.length} of ${missing.length} runs failed (${folder}/sweep.csv has the others):\n${lines(failures)}`,
      )
    return result
  } finally {
    await answers?.close()
    await opened?.close()
  }
}

/** Reads what has run of this sweep, compares it with the baseline and writes sweep.csv. */
async function summarize(folder: string, sweep: SweepFile): Promise<SweepResult> {
  const experiment = await experimentOfSweep(folder, sweep)
  const { baseline, runs } = experiment
  const compared = (run: ExperimentRun) => run.results
  const comparisons = baseline ? await compareWithBaseline(compared(baseline), runs.map(compared)) : runs.map(() => [])
  const path = join(folder, 'sweep.csv')
  const beside = nullEffects(experiment)
  const cells = runs.map((run, index) => ({ run, comparisons: comparisons[index]!, beside: beside[index]! }))
  writeFiles([[path, sweepTable(baseline, cells)]])
  return { folder, experiment, comparisons }
}
