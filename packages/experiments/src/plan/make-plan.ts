import { readBlocks } from '@saeval/eval-harness/internal/ask-model'
import { InputError, option, sentence } from '@saeval/hub'
import type { LanguageModel, MeasuredNumbers, PlannedWork } from '@saeval/language-model'
import type { Opening } from '../open-evaluation.js'
import { generationSeed } from '../run-cell.js'
import { askedFingerprints, pluginsFingerprint } from '../sweep-fingerprint.js'
import type { Program } from './check-experiment.js'
import { divideWork } from './divide-work.js'
import { hashInputs } from './input-files.js'
import { type ExperimentSpec, type OpenExperiment, openExperiment } from './open-experiment.js'
import type { Plan } from './plan-file.js'
import { beginPlanFolder, settingCsv, writePlan } from './plan-folder.js'

/** What a plan is made of. */
export interface PlanOptions extends Omit<Opening, 'standIn' | 'measured'>, Program {
  readonly spec: ExperimentSpec
  /** The plan's folder. */
  readonly folder: string
  /** The command that it is a plan of, in words. It may depend on what there is to do, as long as that stays the same. */
  readonly command: (planned: PlannedExperiment) => readonly string[]
  /** Files of options that decide the results, beside the CSVs. */
  readonly files: readonly string[]
  /** Items at most, for what is there to do: see PlannedExperiment. */
  readonly shards: (planned: PlannedExperiment) => number | Promise<number>
}

/** What is known before the work is divided. */
export interface PlannedExperiment {
  readonly experiment: OpenExperiment
  /** What each block takes; null of a model that does not tell. */
  readonly blocks: readonly { readonly requests: number; readonly planned: PlannedWork | null }[]
  /** Work of everything in one item, as the model counts it. */
  readonly work: number
}

/**
 * Makes a plan: loads the model, builds the prompts, tries every setting on the model, divides the work, and writes the folder. Nothing is asked. Throws
 * InputError as the command would that it is a plan of.
 */
export async function makePlan(options: PlanOptions): Promise<Plan> {
  const { spec, folder, saeval } = options
  if (spec.run.use_cache !== null)
    throw new InputError(sentence`a plan keeps the answers itself; leave ${option('use_cache')} out`)
  const files = await hashInputs(spec, options.files)
  const measured: MeasuredNumbers = new Map()
  const experiment = await openExperiment(spec, { ...options, standIn: true, measured })
  try {
    const seed = generationSeed(spec.run)
    const read = await readBlocks(experiment.reader, experiment.prepared.tasks, { seed })
    const blocks = read.map(({ id, kind, requests, plan }) => ({ id: id(), kind, requests, planned: plan() }))
    const settings = new Map<string, string>()
    const csvs = experiment.settings.flatMap((id, at) => {
      const csv = experiment.csvs.get(id)
      return csv === undefined ? [] : [[at, csv] as const]
    })
    beginPlanFolder(folder, new Map(csvs))
    const csvOf = (id: string) => settingCsv(folder, experiment.settings.indexOf(id))
    const furtherShare = await experiment.each(experiment.settings, csvOf, async ({ id, fingerprint }) => {
      settings.set(id, fingerprint)
    })
    checkMeasured(experiment.reader, spec, measured)
    const divided = blocks.map(({ planned, requests, kind }) => {
      // texts go their own ways with every setting
      return { work: planned?.work ?? requests, furtherShare: kind === 'generate_until' ? 1 : furtherShare }
    })
    const count = experiment.settings.length
    const [whole] = divideWork({ blocks: divided, settings: count, shards: 1 }).items
    const planned: PlannedExperiment = { experiment, blocks, work: whole?.work ?? 0 }
    const shards = await options.shards(planned)
    const { items, cost } = divideWork({ blocks: divided, settings: count, shards })
    const plan: Plan = {
      saeval,
      build: options.build ?? '',
      command: options.command(planned),
      files,
      plugins: pluginsFingerprint(options.plugins ?? []),
      asked: Object.fromEntries(askedFingerprints(experiment.prepared, seed)),
      device: experiment.reader.info.device ?? null,
      measured: Object.fromEntries(measured),
      model: experiment.baseFingerprint,
      settings: experiment.settings.map((id) => ({ id, fingerprint: settings.get(id)! })),
      blocks: blocks.map(({ id, kind, requests, planned }, at) => {
        return { id, kind, requests, tokens: planned?.tokens ?? 0, work: divided[at]!.work }
      }),
      items: items.map(({ blocks: [a, b], settings: [c, d], work: own }) => {
        return { blocks: [a, b] as const, settings: [c, d] as const, work: own }
      }),
      cost,
    }
    writePlan(folder, plan)
    return plan
  } finally {
    await experiment.close()
  }
}

/** Throws InputError where the CPU has measured what the device decides that the plan is for: the last digits of its numbers are others. */
function checkMeasured({ info }: LanguageModel, spec: ExperimentSpec, measured: MeasuredNumbers): void {
  if (!info.standIn) return
  const controls = spec.kind === 'sweep' ? (spec.controls ?? 0) : 0
  const what =
    measured.size > 0
      ? 'coefficients in units of the model are measured on it'
      : controls > 0
        ? 'controls are chosen by densities that are measured on the model'
        : null
  if (what !== null)
    throw new InputError(sentence`${what}, and this machine has no ${info.device}: plan on one that has`)
}
