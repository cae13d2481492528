import { registerTextScores } from '@saeval/experiments/internal/text-scores/register-text-scores'
import { registerModel } from '@saeval/language-model'
import { hf, hfArguments } from '@saeval/lm-backend-onnx'
import { chatArguments, localChatCompletions, localCompletions, serverArguments } from '@saeval/lm-backend-openai'
import { saeSteeredBeta, saeSteeredBetaArguments, steered, steeredArguments } from '@saeval/steering'

/** Makes the models of this program, and the metrics that ask a model, known to the harness. */
export function registerModels(): void {
  // lm_eval's names for it
  for (const name of ['hf', 'hf-auto', 'huggingface']) registerModel(name, hf, { arguments: hfArguments })
  registerModel('sae_steered_beta', saeSteeredBeta, { arguments: saeSteeredBetaArguments })
  registerModel('steered', steered, { arguments: steeredArguments })
  registerModel('local-completions', localCompletions, { arguments: serverArguments })
  registerModel('local-chat-completions', localChatCompletions, { arguments: chatArguments })
  registerTextScores()
}
