import { registerModel } from '@saeval/language-model'
import { hf } from './hf.js'
import { saeSteeredBeta } from './sae-steered-beta.js'
import { steered } from './steered.js'

/** Makes the models of this program known to the harness. */
export function registerModels(): void {
  // lm_eval's names for it
  for (const name of ['hf', 'hf-auto', 'huggingface']) registerModel(name, hf)
  registerModel('sae_steered_beta', saeSteeredBeta)
  registerModel('steered', steered)
}
