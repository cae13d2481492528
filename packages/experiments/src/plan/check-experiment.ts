import { InputError, option, sentence } from '@saeval/hub'
import type { LanguageModel } from '@saeval/language-model'
import { askedFingerprints } from '../sweep-fingerprint.js'
import { changed } from './input-files.js'
import type { OpenExperiment } from './open-experiment.js'
import type { Plan } from './plan-file.js'

/** Throws InputError where an experiment is not that of a plan, naming what is another. `seed` is that of sampled texts. */
export function checkExperiment(plan: Plan, experiment: OpenExperiment, seed: number): void {
  checkDevice(plan, experiment.reader)
  if (plan.model !== experiment.baseFingerprint)
    throw changed(sentence`the model is another (weights, tokenizer, settings)`)
  const asked = askedFingerprints(experiment.prepared, seed)
  for (const [task, before] of Object.entries(plan.asked))
    if (asked.get(task) !== before)
      throw changed(sentence`${task} has other documents, prompts, settings of generation or scoring`)
  const names = plan.settings.map(({ id }) => id)
  if (names.join('\n') !== experiment.settings.join('\n')) throw changed(sentence`the settings are others`)
}

/**
 * Throws InputError where a model computes on another kind of device than a plan is for: the last digits of its answers are others. Which of several GPUs it
 * is does not matter.
 */
export function checkDevice({ device: planned }: Plan, { info }: LanguageModel): void {
  const { device: own = null } = info
  if (planned === null || own === null || kindOf(planned) === kindOf(own)) return
  throw new InputError(
    sentence`the plan is for ${planned}, and this process computes on ${own}: start it where there is ${planned}, or make another plan, with ${option('device')} ${own}`,
  )
}

function kindOf(device: string): string {
  return device.split(':')[0]!
}
