import { join } from 'node:path'
import { openStore } from '@saeval/eval-harness'
import { InputError, makeWritableFolder, option, sentence } from '@saeval/hub'
import { lowerEdits, type SaeFile } from '@saeval/sae-core'
import { checkNormFactors, normFactorArguments, withKnownFactor } from '@saeval/steering/internal/edits/norm-factor'
import { hasMargin } from '../documents/document-values.js'
import { openRun } from '../documents/open-run.js'
import { generationSeed } from '../run-cell.js'
import { eachShared } from '../share-work.js'
import { askedFingerprints } from '../sweep-fingerprint.js'
import { findCandidates } from './candidates.js'
import { checkMetrics } from './check-metrics.js'
import { chooseArms } from './choose-arms.js'
import { choosingActivity, mostTexts } from './choosing-activity.js'
import { confirm } from './confirm.js'
import { controlWinner } from './control-winner.js'
import { DocumentMeter, metricOf } from './document-meter.js'
import { halve, type Standing } from './halve.js'
import { planRungs } from './plan-rungs.js'
import { outputCost } from './rank-by-outcome.js'
import { rankedByText } from './rank-candidates.js'
import {
  budgetTokens,
  checkConfirming,
  checkGuards,
  readings,
  searchNeeds,
  tooSmall,
  unsteeredCost,
} from './search-costs.js'
import type { SearchOptions } from './search-options.js'
import { hashed, planOf, type SearchPlan } from './search-plan.js'
import { searchProblem } from './search-problem.js'
import type { ControlledWinner, SearchResult } from './search-record.js'
import { type DocumentPlace, splitDocuments } from './split-documents.js'
import { writeSearch } from './write-search.js'

/** Documents that the slope of the margin is measured on. */
const slopeDocuments = 8
/** Documents that the model is timed on, where most of its answers are there already. */
const timedDocuments = 16
/** Share of the budget that ranking may take; the rest is for halving and confirmation. */
const rankingShare = 0.4

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
  const open = await openRun({ ...options, run: { ...run, tasks }, name: 'search', own: normFactorArguments })
  const files: SaeFile[] = []
  try {
    makeWritableFolder(sentence`${option('output_path')} ${folder}`, folder)
    // several processes may search in one folder: each part is done by one of them
    const each = eachShared(folder, { onNotice, ...(signal ? { signal } : {}) })
    const store = openStore(join(folder, 'answers'), 'output_path', onNotice)
    try {
      const { base, args } = open
      const found = await findCandidates(options.source, {
        hub: options.hub ?? {},
        inUnits: async (saes) => {
          checkNormFactors(args, saes)
          return Promise.all(saes.map((sae) => withKnownFactor(sae, args, base, onNotice)))
        },
      })
      files.push(...found.files)
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
      checkMetrics(objective, guards, { objective: objectiveTasks, guards: guardTasks })
      const split = (list: typeof objectiveTasks) =>
        splitDocuments(
          new Map(list.map(({ task, asked }) => [task.config.task, asked.map(({ docId }) => docId)])),
          seed,
        )
      const objectiveDocuments = split(objectiveTasks)
      const guardDocuments = guardTasks.map(split)
      const guardCounts = guardDocuments.map(({ confirming }) => confirming.length)
      const perCandidate = options.actions.reduce(
        (sum, action) => sum + (action === 'ablate' ? 1 : options.strengths.length),
        0,
      )
      const finalists = Math.min(options.finalists, found.candidates.length * perCandidate)
      const confirmingCounts = { objective: objectiveDocuments.confirming.length, guards: guardCounts }
      checkConfirming(objective, guards, confirmingCounts, finalists)
      const settings = await Promise.all(
        files.map((sae) => lowerEdits([{ sae, latent: 0, action: 'add', coefficient: 1 }])),
      )
      const all = [...new Set([...objectiveTasks, ...guardTasks.flat()])]
      const meter = new DocumentMeter({ model: base.shareBelow?.(settings) ?? base, tasks: all, store, seed, signal })

      onStage('the unsteered model', 0)
      const { choosing } = objectiveDocuments
      const cost = await unsteeredCost(
        meter,
        choosing,
        guardDocuments.map((list) => list.choosing),
      )
      const valuesOf = async (places: readonly DocumentPlace[], metric: string) =>
        metricOf(places, await meter.measure('unsteered', null, places), metric)
      await valuesOf(choosing, objective.metric)
      const areShares: boolean[] = []
      for (const [guard, { metric }] of guards.entries()) {
        const values = await valuesOf(guardDocuments[guard]!.choosing, metric)
        areShares.push(values.every((value) => value === 0 || value === 1))
      }
      checkGuards(guards, guardCounts, areShares, finalists)

      const places = [objectiveDocuments, ...guardDocuments]
      const costs = [cost.objective, ...cost.guards]
      const unsteeredTokens = places.reduce(
        (sum, list, at) => sum + costs[at]! * (list.choosing.length + list.confirming.length),
        0,
      )
      const grid = Math.round(found.candidates.length * perCandidate * unsteeredTokens)
      const slopePlaces = objectiveTasks.every(hasMargin) ? choosing.slice(0, slopeDocuments) : []
      const guardCost = cost.guards.reduce((sum, tokens) => sum + tokens, 0)
      const counts = (part: 'choosing' | 'confirming') => ({
        objective: objectiveDocuments[part].length,
        guards: Math.max(0, ...guardDocuments.map((list) => list[part].length)),
      })
      const rounds = {
        finalists: options.finalists,
        documents: counts('choosing'),
        cost: { objective: cost.objective, guards: guardCost },
      }
      const rankingCost = slopePlaces.length === 0 ? outputCost(base) : slopePlaces.length * cost.objective
      const needs = searchNeeds({
        ...rounds,
        candidates: found.candidates.length,
        keep: options.keep,
        perCandidate,
        controls: options.controls,
        confirming: counts('confirming'),
        spent: meter.tokens,
        ranking: rankingCost,
        reading:
          readings(found.candidates, slopePlaces.length > 0) * Math.min(meter.tokens, mostTexts * Math.max(...costs)),
      })
      const asked = JSON.stringify({
        objective,
        guards,
        latents: found.candidates.map(({ reference, latent }) => [reference.release, reference.id, latent]),
        activations: hashed(found.candidates.map(({ maxActivation }) => maxActivation)),
        factors: files.map(({ config }) => config.foldedFactor),
        actions: options.actions,
        strengths: options.strengths,
        keep: options.keep,
        finalists: options.finalists,
        controls: options.controls,
        documents: [objectiveDocuments, guardDocuments],
        prompts: hashed([...askedFingerprints(open.prepared, seed)]),
        model: (await base.fingerprint?.()) ?? null,
      })
      // of a budget in minutes the first process says how many tokens it is
      const plans: SearchPlan[] = []
      const tokens = async () => {
        const isTimed = options.budget !== null && 'minutes' in options.budget
        const speed = isTimed ? await meter.speed(choosing.slice(0, timedDocuments)) : 0
        const budget = budgetTokens(options.budget, grid, needs.whole, speed)
        // a latent, and the unsteered model beside it
        const least = needs.least + 2 * rankingCost
        if (budget < least) throw tooSmall(budget, least)
        return budget
      }
      await each([{ id: 'plan' }], async () => {
        plans.push(await planOf(folder, asked, options.budget, tokens))
      })
      const plan = plans.at(-1)!

      let stillToRead = needs.reading
      const onRead = (tokens: number) => {
        stillToRead = Math.max(0, stillToRead - tokens)
      }
      const activity = choosingActivity(base, meter, places, { signal, onRead })
      // all latents are ranked where the budget pays for everything
      const forRanking = plan.budget - needs.whole + (found.candidates.length + 1) * rankingCost
      const chosen = await chooseArms(found.candidates, {
        ...options,
        base,
        meter,
        places: choosing,
        slopePlaces,
        budget: Math.min(Math.max(rankingShare * plan.budget, forRanking), plan.budget - needs.least),
        cost: rankingCost,
        activity,
        slopes: {
          seed,
          signal,
          store,
          each,
          onLatent: (done) =>
            onStage(`ranking latent ${done + 1} of ${found.candidates.length}`, done / found.candidates.length),
        },
      })
      const { arms, leftOut, unranked, rankedBy } = chosen
      if (rankedBy !== 'slope') onNotice(`the objective has no margin: latents are ranked by ${rankedByText[rankedBy]}`)
      if (arms.length === 0)
        throw new InputError('no arm is left after ranking; give more latents, strengths or actions')
      if (unranked > 0)
        onNotice(`${unranked} of ${found.candidates.length} latents are not ranked, see search.csv`, 'warning')

      const problem = await searchProblem({ meter, arms, objective, guards, objectiveDocuments, guardDocuments, each })
      const taken = meter.tokens + stillToRead + needs.reserve
      const rungs = planRungs({ ...rounds, arms: arms.length, budget: plan.budget - taken })
      if (rungs.length === 0) throw tooSmall(plan.budget, taken)
      const halved = await halve(problem, rungs, options.finalists, (round, share) =>
        onStage(
          `round ${round + 1} of ${rungs.length}: ${rungs[round]!.arms} arms on ${rungs[round]!.objective} documents`,
          share,
        ),
      )
      const left = halved.filter(({ dropped }) => dropped === null).map(({ arm }) => arm)
      const { confirmations, failed } = await confirm(problem, left, (done) =>
        onStage(`confirming ${done + 1} of ${left.length}`, done / left.length),
      )
      const standings = halved.map((standing): Standing => {
        const message = failed.find(({ arm }) => arm === standing.arm)?.message
        return message === undefined
          ? standing
          : { ...standing, dropped: { kind: 'cannot run', message, isFinalist: true } }
      })
      const winner =
        [...confirmations]
          .filter((one) => one.confirmed)
          .sort((a, b) => b.objective.difference - a.objective.difference)[0]?.arm ?? null
      const unsteered = await problem.unsteered()
      const write = async (controlled: ControlledWinner) => {
        const { tokens } = meter
        const spent = { tokens, grid, budget: plan.budget, candidates: found.candidates.length, arms: arms.length }
        const result: SearchResult = {
          folder,
          objective,
          guards,
          arms,
          standings,
          leftOut,
          confirmations,
          winner,
          unranked,
          rankedBy,
          ...controlled,
          cost: spent,
          unsteered,
        }
        await writeSearch(result, { command: options.command, saeval: options.saeval, plan })
        return result
      }
      const before = await write({ controls: [], flipped: null, controlNotes: [] })
      if (winner === null || options.controls === 0) return before
      // what is confirmed stands, whatever becomes of the controls
      const controlled = await controlWinner({
        arm: arms[winner]!,
        key: `arm ${winner}`,
        problem,
        count: options.controls,
        seed,
        activity,
        onControl: (done, total) => onStage(`control ${done + 1} of ${total}`, done / total),
      })
      for (const note of controlled.controlNotes) onNotice(note, 'warning')
      return await write(controlled)
    } finally {
      await store.close()
    }
  } finally {
    await Promise.all(files.map((file) => file.close()))
    await open.close()
  }
}
