import { hostname } from 'node:os'
import { readBlocks } from '@saeval/eval-harness/internal/ask-model'
import { answerBlock } from '@saeval/eval-harness/internal/block-answers'
import { FullDiskError, InputError, option, sentence, WriteError } from '@saeval/hub'
import { eachInTurn } from '@saeval/hub/internal/claims/claim-in-turn'
import type { ClaimTimes } from '@saeval/hub/internal/claims/claims'
import { ownerText } from '@saeval/hub/internal/claims/owner-text'
import type { Work } from '@saeval/language-model'
import type { Opening } from '../open-evaluation.js'
import type { PlanFindings } from '../plan-answers.js'
import { generationSeed, isOfCell } from '../run-cell.js'
import { checkExperiment, checkProgram, type Program } from './check-experiment.js'
import { checkInputs } from './input-files.js'
import { type ExperimentSpec, type OpenExperiment, openExperiment } from './open-experiment.js'
import type { Plan } from './plan-file.js'
import { itemName, openPlanFolder, type PlanFolder } from './plan-folder.js'
import { steeringCheck } from './steering-check.js'

/** How a plan is worked on. */
export interface WorkOptions extends Omit<Opening, 'standIn' | 'measured'>, Program {
  readonly spec: ExperimentSpec
  readonly folder: string
  readonly plan: Plan
  /** The one item to do, from 0; null takes free ones until all are done. */
  readonly shard: number | null
  readonly times?: ClaimTimes
  /** How far the item at hand is. */
  readonly onWork?: (item: number, work: Work) => void
}

/**
 * Does items of a plan: claims one, asks the model its blocks under its settings, and writes the answers of each block at once. What is there already
 * is not asked. Any number of workers may do the same item; they write the same bytes. Items that others have are waited for, and taken over from a worker that
 * is dead. An item that cannot be done is noted as failed, and the next one is taken; where nothing can be written, no other is. Gives the items that it has
 * done. Throws InputError where anything is not as when the plan was made; and the first failure when nothing is left to do.
 */
export async function workOnPlan(options: WorkOptions): Promise<readonly number[]> {
  const { plan, shard, signal, onNotice = () => {} } = options
  checkProgram(plan, options)
  const folder = openPlanFolder(options.folder, plan, options.times)
  if (shard !== null && plan.items[shard] === undefined)
    throw new InputError(
      sentence`${option('shard')} ${shard}: the plan ${options.folder} has items 0 to ${plan.items.length - 1}`,
    )
  await checkInputs(plan.files)
  let experiment: OpenExperiment | null = null
  const done: number[] = []
  let failure: unknown = null
  const isDone = (item: number) => folder.isDone(plan.items[item]!)
  const doItem = async (item: number) => {
    try {
      if (isDone(item)) return
      experiment ??= await openChecked({ ...options, ...folder.findings })
      await workOnItem(experiment, folder, item, options)
      folder.setFailure(item, null)
      done.push(item)
    } catch (cause) {
      // what cannot be written of one item, cannot of another
      if (signal?.aborted || cause instanceof WriteError || cause instanceof FullDiskError) throw cause
      failure ??= cause
      const isInput = InputError.isInstance(cause)
      const error = cause instanceof Error ? cause.message : String(cause)
      folder.setFailure(item, { host: hostname(), error, isInput })
      // what is wrong with one item of this kind is wrong with all
      if (experiment === null) throw cause
      onNotice(`item ${item} has failed: ${error}`, 'warning')
    }
  }
  try {
    const failed = await eachInTurn(
      folder.claims,
      shard === null ? itemsFrom(plan.items.length) : [shard],
      {
        nameOf: itemName,
        isDone,
        // one that is named is tried, whatever others have seen
        ...(shard === null ? { failures: (item) => folder.failure(item)?.times ?? 0 } : {}),
        signal,
        onWait: (left, first, state) =>
          onNotice(
            left === 1
              ? `item ${first} is being done by ${ownerText(state)}; waiting for it`
              : `${left} items are being done by others, item ${first} by ${ownerText(state)}; waiting for them`,
          ),
      },
      doItem,
    )
    for (const item of failed) {
      const { host, error, isInput } = folder.failure(item)!
      const said = sentence`item ${item} has failed on ${host}: ${error}`
      onNotice(said.toString(), 'warning')
      failure ??= isInput ? new InputError(said) : new Error(said.toString())
    }
  } finally {
    // TypeScript does not see that doItem sets it
    await (experiment as OpenExperiment | null)?.close()
  }
  if (failure !== null) throw failure
  return done
}

/** All items, from another one on in each worker, so that they do not all try the same ones. */
function itemsFrom(count: number): number[] {
  const first = Math.floor(Math.random() * count)
  return Array.from({ length: count }, (_, at) => (first + at) % count)
}

async function openChecked(options: WorkOptions & PlanFindings): Promise<OpenExperiment> {
  const experiment = await openExperiment(options.spec, options)
  try {
    checkExperiment(options.plan, experiment, options.spec.run)
    return experiment
  } catch (error) {
    await experiment.close()
    throw error
  }
}

async function workOnItem(
  experiment: OpenExperiment,
  folder: PlanFolder,
  number: number,
  { spec, plan, signal, onWork = () => {} }: WorkOptions,
): Promise<void> {
  const item = plan.items[number]!
  const seed = generationSeed(spec.run)
  const parts = folder.partsOf(item).filter(({ part }) => !folder.hasPart(part))
  const indices = [...new Set(parts.map(({ setting }) => setting))]
  const ids = indices.map((setting) => plan.settings[setting]!.id)
  const csvOf = (id: string) => folder.csvOf(plan.settings.findIndex((setting) => setting.id === id))
  const total = parts.reduce((sum, { block }) => sum + plan.blocks[block]!.work, 0)
  let before = 0
  await experiment.each(ids, csvOf, async ({ id, model, fingerprint }) => {
    const setting = plan.settings.findIndex((other) => other.id === id)
    if (plan.settings[setting]!.fingerprint !== fingerprint)
      throw new InputError(
        sentence`${id === 'run' ? 'the model' : `setting ${id}`} is not that of the plan: weights, an SAE or an argument is another; put back what was there, or make another plan`,
      )
    const blocks = await readBlocks(model, experiment.prepared.tasks, { seed })
    for (const { block, part } of parts.filter((own) => own.setting === setting)) {
      signal?.throwIfAborted()
      const { work } = plan.blocks[block]!
      try {
        const answers = await answerBlock(model, blocks[block]!, {
          ...(signal ? { signal } : {}),
          onWork: ({ done, total: all }) => onWork(number, { done: before + (work * done) / Math.max(1, all), total }),
        })
        const { hardware } = model.info
        // JSON leaves out what is not known
        folder.putPart(part, { ...answers, hardware, check: steeringCheck(model) })
      } catch (cause) {
        // an edit that this text cannot have fails in an unsharded sweep too, which leaves that cell out
        if (spec.kind !== 'sweep' || signal?.aborted || !isOfCell(cause)) throw cause
        folder.putPart(part, { error: cause.sentence.parts })
      }
      before += work
      onWork(number, { done: before, total })
    }
  })
}
