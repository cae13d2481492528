import { registerMetric } from '@saeval/eval-harness'
import { includesWord } from '@saeval/eval-harness/internal/metrics/text-scores'
import { lensLatent, lensWords } from './lens-words.js'
import { steerableIn, unsteeredDivergences, unsteeredLogprobs } from './unsteered-scores.js'

/** Makes the metrics of texts that need the model known to task files: unsteered_logprob, unsteered_kl, lens_inclusion. Call it once. */
export function registerTextScores(): void {
  registerMetric('unsteered_logprob', {
    scoreAll: (questions, _settings, context) => unsteeredLogprobs(questions, context),
  })
  registerMetric('unsteered_kl', {
    higherIsBetter: false,
    scoreAll: (questions, _settings, context) => unsteeredDivergences(questions, context),
  })
  registerMetric('lens_inclusion', {
    settings: ['sae_release', 'sae_id', 'latent_idx', 'top'],
    scoreAll: async (questions, settings, context) => {
      const words = await lensWords(steerableIn(context), lensLatent(settings))
      return questions.map((question) => {
        if (question.type !== 'generate_until')
          throw new Error(`a ${question.type} task writes no text; take another metric`)
        return includesWord(question.text, words) ? 1 : 0
      })
    },
  })
}
