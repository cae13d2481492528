import { answerAll, type LoglikelihoodRequest, type SteerableModel } from '@saeval/language-model'
import { type Intervention, lowerEdits } from '@saeval/sae-core'
import type { Playground } from '../playground.js'
import type { Opened } from './open-playground.js'

/** Scores the tasks of a page under one setting after the other; what comes before the first SAE is computed once. */
export interface TaskScorer {
  /** Resolves to the model that has answered, which has counted where its edits acted. */
  score(
    interventions: readonly Intervention[],
    signal: AbortSignal,
    onTask: (result: { readonly task: number; readonly correct: number; readonly total: number }) => void,
  ): Promise<SteerableModel>
}

/** Bytes of activations that are kept for all settings. */
const keptBytes = 2 ** 28

export async function taskScorer({ playground, model, saes }: Opened): Promise<TaskScorer> {
  // an edit by nothing of each SAE tells from which layer on settings differ
  const settings = await Promise.all(
    saes.map((sae) => lowerEdits([{ sae, action: 'scale', latent: 0, coefficient: 1 }])),
  )
  const shared: SteerableModel = settings.length === 0 ? model : model.shareBelow(settings, keptBytes)
  const tasks = playground.tasks.map(requestsOf)
  return {
    score: async (interventions, signal, onTask) => {
      const steered = shared.steer(interventions)
      for (const [task, requests] of tasks.entries()) {
        const answers = await answerAll(steered, requests, { signal })
        const { questions } = playground.tasks[task]!
        let next = 0
        const correct = questions.filter(({ choices, answer }) => {
          const logprobs = answers.slice(next, next + choices.length).map(({ logprob }) => logprob)
          next += choices.length
          // the first of the most likely ones, as numpy's argmax
          return logprobs.indexOf(Math.max(...logprobs)) === answer
        }).length
        onTask({ task, correct, total: questions.length })
      }
      return steered
    },
  }
}

function requestsOf({ questions }: Playground['tasks'][number]): LoglikelihoodRequest[] {
  return questions.flatMap(({ context, choices }) =>
    choices.map((continuation) => ({ type: 'loglikelihood', context, continuation }) as const),
  )
}
