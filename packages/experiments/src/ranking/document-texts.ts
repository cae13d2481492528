import type { PreparedTask } from '@saeval/eval-harness'

/** The distinct texts that the model reads before it answers: contexts, or whole texts where there is none before them. */
export function documentTexts(tasks: readonly PreparedTask[]): string[] {
  const texts = tasks.flatMap(({ asked }) =>
    asked.flatMap(({ requests }) =>
      requests.map((request) => {
        if (request.type === 'loglikelihood_rolling') return request.text
        return request.type === 'loglikelihood' && request.context === '' ? request.continuation : request.context
      }),
    ),
  )
  return [...new Set(texts)]
}
