import { sentence } from '@saeval/hub'
import { askedFingerprints } from '../sweep-fingerprint.js'
import { changed } from './input-files.js'
import type { OpenExperiment } from './open-experiment.js'
import type { Plan } from './plan-file.js'

/** Throws InputError where an experiment is not that of a plan, naming what is another. `seed` is that of sampled texts. */
export function checkExperiment(plan: Plan, experiment: OpenExperiment, seed: number): void {
  if (plan.model !== experiment.baseFingerprint)
    throw changed(sentence`the model is another (weights, tokenizer, settings), or on another kind of device`)
  const asked = askedFingerprints(experiment.prepared, seed)
  for (const [task, before] of Object.entries(plan.asked))
    if (asked.get(task) !== before)
      throw changed(sentence`${task} has other documents, prompts, settings of generation or scoring`)
  const names = plan.settings.map(({ id }) => id)
  if (names.join('\n') !== experiment.settings.join('\n')) throw changed(sentence`the settings are others`)
}
