import { join } from 'node:path'
import { openStore } from '@saeval/eval-harness'
import { InputError, makeWritableFolder, option, sentence } from '@saeval/hub'
import { lowerEdits, type SaeFile } from '@saeval/sae-core'
import { hasMargin, withDocuments } from '../documents/document-values.js'
import { type OpenRunOptions, openRun } from '../documents/open-run.js'
import { activityOn } from '../ranking/sparsities.js'
import { generationSeed } from '../run-cell.js'
import { eachShared } from '../share-work.js'
import { type Arm, type ArmOptions, armsOf } from './arms.js'
import { type Candidate, type CandidateSource, findCandidates } from './candidates.js'
import { confirm } from './confirm.js'
import { controlWinner } from './control-winner.js'
import { DocumentMeter, metricOf } from './document-meter.js'
import { halve } from './halve.js'
import { planRungs } from './plan-rungs.js'
import { type RankedCandidate, rankCandidates } from './rank-candidates.js'
import { budgetTokens, checkConfirming, checkGuards, tooSmall, unsteeredCost } from './search-costs.js'
import { readPlan, writePlan } from './search-plan.js'
import { searchProblem } from './search-problem.js'
import type { LeftOut, SearchResult } from './search-record.js'
import type { Guard, Objective, SearchBudget } from './search-settings.js'
import { splitDocuments } from './split-documents.js'
import { writeSearch } from './write-search.js'

export interface SearchOptions extends Omit<OpenRunOptions<typeof noArguments>, 'name' | 'own'>, ArmOptions {
  readonly source: CandidateSource
  readonly objective: Objective
  readonly guards: readonly Guard[]
  /** null: 5 % of the tokens of the full grid. */
  readonly budget: SearchBudget | null
  /** Latents that are tried after ranking. */
  readonly keep: number
  readonly finalists: number
  /** Controls of each kind for the winner; 0 for none. */
  readonly controls: number
  /** The command line, for the record. */
  readonly command: string
  readonly saeval: string
  /** What the search does, and how far that is (0 to 1). */
  readonly onStage?: (what: string, share: number) => void
}

const noArguments = {} as const
/** Documents that the slope of the margin is measured on. */
const slopeDocuments = 8

/**
 * Searches for a way to steer that does what the objective wants and breaks no guard: ranks latents by the slope of the margin, halves arms on some
 * documents, confirms what is left on others. Answers are kept in the folder, so the same call goes on where it was stopped and comes to the same
 * end. Several processes with one folder, on any hosts that share it, divide the work and come to the same end. Throws InputError for what cannot be
 * searched.
 */
export async function search(options: SearchOptions): Promise<SearchResult> {
  const { run, objective, guards, onNotice = () => {}, onStage = () => {}, signal } = options
  const folder = run.output_path
  if (folder === null)
    throw new InputError(sentence`a search needs ${option('output_path')}, the folder of its results`)
  const tasks = [...objective.tasks, ...guards.flatMap((guard) => guard.tasks)]
  const open = await openRun({ ...options, run: { ...run, tasks }, name: 'search', own: noArguments })
  const files: SaeFile[] = []
  try {
    makeWritableFolder(sentence`${option('output_path')} ${folder}`, folder)
    // several processes may search in one folder: each part is done by one of them
    const each = eachShared(folder, { onNotice, ...(signal ? { signal } : {}) })
    const store = openStore(join(folder, 'answers'), 'output_path', onNotice)
    try {
      const found = await findCandidates(options.source, options.hub ?? {})
      files.push(...found.files)
      const { base } = open
      for (const { config, reference } of files)
        if (!base.hookPoints.includes(config.hookPointOut))
          throw new InputError(`${open.baseName} has no hook point ${config.hookPointOut}, where ${reference.id} acts`)
      const seed = generationSeed(run)
      const objectiveTasks = open.tasksOf(objective.tasks)
      const own = new Set(objectiveTasks.map(({ task }) => task.config.task))
      const guardTasks = guards.map((guard) =>
        open.tasksOf(guard.tasks).filter(({ task }) => !own.has(task.config.task)),
      )
      const empty = guardTasks.findIndex((list) => list.length === 0)
      if (empty !== -1)
        throw new InputError(
          sentence`${option('guard')} ${guards[empty]!.tasks.join('+')} names no task beside those of the objective`,
        )
      const split = (list: typeof objectiveTasks) =>
        splitDocuments(
          new Map(list.map(({ task, asked }) => [task.config.task, asked.map(({ docId }) => docId)])),
          seed,
        )
      const objectiveDocuments = split(objectiveTasks)
      const guardDocuments = guardTasks.map(split)
      const guardCounts = guardDocuments.map(({ confirming }) => confirming.length)
      checkConfirming(objective, guards, { objective: objectiveDocuments.confirming.length, guards: guardCounts })
      checkGuards(guards, guardCounts)
      const settings = await Promise.all(
        files.map((sae) => lowerEdits([{ sae, latent: 0, action: 'add', coefficient: 1 }])),
      )
      const all = [...new Set([...objectiveTasks, ...guardTasks.flat()])]
      const meter = new DocumentMeter({ model: base.shareBelow?.(settings) ?? base, tasks: all, store, seed, signal })

      onStage('the unsteered model', 0)
      const began = Date.now()
      const cost = await unsteeredCost(
        meter,
        objectiveDocuments.choosing,
        guardDocuments.map(({ choosing }) => choosing),
      )
      for (const [metric, { choosing }] of [
        [objective.metric, objectiveDocuments] as const,
        ...guards.map(({ metric }, guard) => [metric, guardDocuments[guard]!] as const),
      ])
        metricOf(choosing, await meter.measure('unsteered', null, choosing), metric)
      const perCandidate = options.actions.reduce(
        (sum, action) => sum + (action === 'ablate' ? 1 : options.strengths.length),
        0,
      )
      const documents = (list: { choosing: readonly unknown[]; confirming: readonly unknown[] }) =>
        list.choosing.length + list.confirming.length
      const unsteeredTokens =
        cost.objective * documents(objectiveDocuments) +
        guardDocuments.reduce((sum, list, guard) => sum + cost.guards[guard]! * documents(list), 0)
      const grid = Math.round(found.candidates.length * perCandidate * unsteeredTokens)
      const asked = JSON.stringify({
        objective,
        guards,
        candidates: found.candidates.map(({ reference, latent }) => [reference.release, reference.id, latent]),
        actions: options.actions,
        strengths: options.strengths,
        budget: options.budget,
        keep: options.keep,
        finalists: options.finalists,
        controls: options.controls,
        documents: [objectiveDocuments, guardDocuments],
        model: (await base.fingerprint?.()) ?? null,
      })
      const seconds = (Date.now() - began) / 1000
      // of a budget in minutes the first process says how many tokens it is
      await each([{ id: 'plan' }], async () => {
        if (readPlan(folder, asked) === null)
          writePlan(folder, { asked, budget: budgetTokens(options.budget, grid, meter.tokens, seconds) })
      })
      const plan = readPlan(folder, asked)!

      const slopes = objectiveTasks.every(hasMargin)
      const chosen = new Map<string, Set<number>>()
      for (const { task, docId } of objectiveDocuments.choosing.slice(0, slopeDocuments))
        chosen.set(task, (chosen.get(task) ?? new Set()).add(docId))
      const few = objectiveTasks.flatMap((task) => {
        const docIds = chosen.get(task.task.config.task)
        return docIds === undefined ? [] : [withDocuments(task, docIds)]
      })
      const leftOut: LeftOut[] = []
      const leave = ({ latent, reference }: Candidate, why: string) => leftOut.push({ latent, sae: reference.id, why })
      // two fifths of the budget for ranking, the rest for halving and confirmation
      const payable = Math.floor((0.4 * plan.budget) / (slopeDocuments * cost.objective))
      if (slopes && payable < 1) throw tooSmall(plan.budget, slopeDocuments * cost.objective * 2.5)
      const ranking = slopes
        ? await rankCandidates(base, found.candidates.slice(0, payable), few, {
            seed,
            signal,
            store,
            each,
            onLatent: (done) =>
              onStage(`ranking latent ${done + 1} of ${found.candidates.length}`, done / found.candidates.length),
          })
        : { ranked: found.candidates.map((candidate): RankedCandidate => ({ candidate, slope: null })), tokens: 0 }
      if (slopes)
        for (const candidate of found.candidates.slice(payable))
          leave(candidate, 'the budget does not pay for ranking it')
      else onNotice('the objective has no margin, so latents are not ranked; they are tried in their order')
      meter.tokens += ranking.tokens
      const kept = ranking.ranked.slice(0, options.keep)
      for (const { candidate, slope } of ranking.ranked.slice(options.keep))
        leave(
          candidate,
          slope === null
            ? `beyond the first ${options.keep}`
            : `slope of the margin ${slope.toPrecision(3)}: not among the ${options.keep} strongest`,
        )

      const largest = await largestActivations(
        kept.map(({ candidate }) => candidate),
        async (sae) => {
          const tensors = await sae.load()
          return activityOn(base, { config: sae.config, tensors }, few, signal)
        },
      )
      const arms: Arm[] = []
      for (const { candidate, slope } of kept) {
        const most = candidate.maxActivation ?? largest(candidate)
        if (!(most > 0)) {
          leave(candidate, 'never active on the documents, and no features file tells its largest activation')
          continue
        }
        const sign = slope === null ? 0 : Math.sign(slope) * (objective.wanted === 'up' ? 1 : -1)
        arms.push(...armsOf(candidate, most, sign, options))
      }
      if (arms.length === 0)
        throw new InputError('no arm is left after ranking; give more latents, strengths or actions')

      const problem = await searchProblem({ meter, arms, objective, guards, objectiveDocuments, guardDocuments, each })
      const { finalists } = options
      const guardCost = cost.guards.reduce((sum, tokens) => sum + tokens, 0)
      const { confirming } = problem.documents
      const reserve = (finalists + 1) * (confirming.objective * cost.objective + confirming.guards * guardCost)
      const controlReserve = (2 * options.controls + 1) * confirming.objective * cost.objective
      const rungs = planRungs({
        arms: arms.length,
        finalists,
        documents: problem.documents.choosing,
        cost: { objective: cost.objective, guards: guardCost },
        budget: plan.budget - meter.tokens - reserve - controlReserve,
      })
      if (rungs.length === 0) throw tooSmall(plan.budget, meter.tokens + reserve + controlReserve)
      const standings = await halve(problem, rungs, finalists, (round, share) =>
        onStage(
          `round ${round + 1} of ${rungs.length}: ${rungs[round]!.arms} arms on ${rungs[round]!.objective} documents`,
          share,
        ),
      )
      const left = standings.filter(({ dropped }) => dropped === null).map(({ arm }) => arm)
      const confirmations = await confirm(problem, left, (done) =>
        onStage(`confirming ${done + 1} of ${left.length}`, done / left.length),
      )
      const winner =
        [...confirmations]
          .filter((one) => one.confirmed)
          .sort((a, b) => b.objective.difference - a.objective.difference)[0]?.arm ?? null
      const controlled =
        winner === null || options.controls === 0
          ? { controls: [], flipped: null }
          : await controlWinner({
              base,
              arm: arms[winner]!,
              key: `arm ${winner}`,
              problem,
              count: options.controls,
              seed,
              texts: few,
              onControl: (done, total) => onStage(`control ${done + 1} of ${total}`, done / total),
              ...(signal ? { signal } : {}),
            })
      const result: SearchResult = {
        folder,
        objective,
        guards,
        arms,
        standings,
        leftOut,
        confirmations,
        winner,
        ...controlled,
        cost: {
          tokens: meter.tokens,
          grid,
          budget: plan.budget,
          candidates: found.candidates.length,
          arms: arms.length,
        },
        unsteered: await problem.unsteered(),
      }
      await writeSearch(result, { command: options.command, saeval: options.saeval, plan })
      return result
    } finally {
      await store.close()
    }
  } finally {
    await Promise.all(files.map((file) => file.close()))
    await open.close()
  }
}

/** The largest activation of a candidate on some documents, for SAEs with candidates that no features file tells of. */
async function largestActivations(
  candidates: readonly Candidate[],
  activity: (sae: SaeFile) => Promise<{ readonly largest: Float64Array }>,
): Promise<(candidate: Candidate) => number> {
  const found = new Map<SaeFile, Float64Array>()
  for (const { sae, maxActivation } of candidates)
    if (maxActivation === null && !found.has(sae)) found.set(sae, (await activity(sae)).largest)
  return ({ sae, latent }) => found.get(sae)?.[latent] ?? 0
}
