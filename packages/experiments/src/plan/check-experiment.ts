import type { PreparedEvaluation } from '@saeval/eval-harness'
import { option, sentence } from '@saeval/hub'
import type { LanguageModel } from '@saeval/language-model'
import { PlanError } from '../plan-answers.js'
import type { PluginIdentity } from '../plugin-identity.js'
import { generationSeed } from '../run-cell.js'
import type { RunSettings } from '../run-settings.js'
import { askedFingerprints, pluginsFingerprint } from '../sweep-fingerprint.js'
import { changed } from './input-files.js'
import type { OpenExperiment } from './open-experiment.js'
import type { Plan } from './plan-file.js'

/** What is at work on a plan. */
export interface Program {
  /** Version of saeval. */
  readonly saeval: string
  /** Hash of its code, which checkouts of one version have each their own of; "" where nobody tells. */
  readonly build?: string
  readonly plugins?: readonly PluginIdentity[]
}

/** Throws PlanError where another program has made a plan than is at work on it. */
export function checkProgram(plan: Plan, { saeval, build = '', plugins = [] }: Program): void {
  if (plan.saeval !== saeval)
    throw new PlanError(
      `the plan was made by saeval ${plan.saeval}, this is ${saeval}; use that version, or make another plan`,
    )
  if (plan.build !== build)
    throw new PlanError(
      `the plan was made by other code of saeval ${saeval} than this (another commit, or built otherwise); use that, or make another plan`,
    )
  if (plan.plugins !== pluginsFingerprint(plugins))
    throw new PlanError('the plan was made with other code of plug-ins; put that back, or make another plan')
}

/** Throws PlanError where an experiment is not that of a plan, naming what is another. */
export function checkExperiment(plan: Plan, experiment: OpenExperiment, run: RunSettings): void {
  checkDevice(plan, experiment.reader)
  if (plan.model !== experiment.baseFingerprint)
    throw changed(sentence`the model is another (weights, tokenizer, settings)`)
  checkAsked(plan, experiment.prepared, run)
  const names = plan.settings.map(({ id }) => id)
  if (names.join('\n') !== experiment.settings.join('\n')) throw changed(sentence`the settings are others`)
}

/** Throws PlanError where a task asks for something else than when a plan was made, or scores it otherwise. */
export function checkAsked(plan: Plan, prepared: PreparedEvaluation, run: RunSettings): void {
  const asked = askedFingerprints(prepared, generationSeed(run))
  for (const [task, before] of Object.entries(plan.asked))
    if (asked.get(task) !== before)
      throw changed(sentence`${task} has other documents, prompts, settings of generation or scoring`)
}

/**
 * Throws PlanError where a model computes on another kind of device than a plan is for: the last digits of its answers are others. Which of several GPUs it
 * is does not matter.
 */
export function checkDevice({ device: planned }: Plan, { info }: LanguageModel): void {
  const { device: own = null } = info
  if (planned === null || own === null || kindOf(planned) === kindOf(own)) return
  throw new PlanError(
    sentence`the plan is for ${planned}, and this process computes on ${own}: start it where there is ${planned}, or make another plan, with ${option('device')} ${own}`,
  )
}

function kindOf(device: string): string {
  return device.split(':')[0]!
}
