import type { PreparedTask } from '@saeval/eval-harness'
import type { RequestAnswers } from '@saeval/eval-harness/internal/ask-model'
import { askingMetrics } from '@saeval/eval-harness/internal/metrics/asking-metrics'
import { sha256 } from '@saeval/eval-harness/internal/results/sample-lines'
import { scoreTask } from '@saeval/eval-harness/internal/score-task'
import type { LanguageModel } from '@saeval/language-model'
import { PyFloat, type PyValue } from '@saeval/python'
import { type CardAnswer, type CardSample, sampleOf } from './card-samples.js'

/**
 * Where the metrics of a card's documents are not what its own answers score, a sentence each: whatever computes, answers score the same. Answers that the card
 * holds hashes of are those of `found` with these hashes, where there are any. Nothing is said of the others, and of metrics that ask the model.
 */
export async function otherMetrics(
  prepared: PreparedTask,
  told: ReadonlyMap<number, readonly CardSample[]>,
  model: LanguageModel,
  found: ReadonlyMap<number, CardSample> = new Map(),
): Promise<string[]> {
  const known = new Map(
    prepared.asked.flatMap(({ docId, requests }): [number, readonly (readonly CardAnswer[])[]][] => {
      const answers = told
        .get(docId)?.[0]
        ?.answers.map((list, at) =>
          list.map((answer, repeat) => withText(answer, found.get(docId)?.answers[at]?.[repeat])),
        )
      const isWhole = answers?.length === requests.length && !answers.flat().some((answer) => 'sha256' in answer)
      return isWhole ? [[docId, answers]] : []
    }),
  )
  const asked = prepared.asked.filter(({ docId }) => known.has(docId))
  if (asked.length === 0) return []
  const asking = askingMetrics(prepared)
  const own = { ...prepared, asked, metrics: prepared.metrics.filter((metric) => !asking.includes(metric)) }
  if (own.metrics.length === 0) return []
  const answers = asked.flatMap(({ docId, requests }) =>
    known.get(docId)!.map((list, at): RequestAnswers => list.map((answer) => pythonAnswer(answer, requests[at]!.type))),
  )
  const { samples } = await scoreTask(own, answers, { model, bootstrapIterations: 0, onBootstrap: () => {} })
  return samples.flatMap((line) => {
    const { docId, filter, metrics } = sampleOf(line)!
    const written = told.get(docId)!.find((sample) => sample.filter === filter)
    if (written === undefined) return [`document ${docId} has no line of filter ${filter} in the card's samples`]
    return [...metrics].flatMap(([name, value]) => {
      const other = written.metrics.get(name)
      return other === value || (other !== undefined && Math.abs(other - value) <= 1e-9 * Math.max(1, Math.abs(value)))
        ? []
        : [`document ${docId}: ${name} is ${other ?? 'missing'} in the card, and its own answers score ${value}`]
    })
  })
}

/** A text that the card holds the hash of, where it was written again. */
function withText(answer: CardAnswer, written: CardAnswer | undefined): CardAnswer {
  if (!('sha256' in answer) || written === undefined || !('text' in written)) return answer
  return sha256(written.text) === answer.sha256 ? written : answer
}

function pythonAnswer(answer: CardAnswer, type: string): PyValue {
  if ('logprob' in answer) return [new PyFloat(answer.logprob), answer.isGreedy ?? false]
  const text = 'text' in answer ? answer.text : ''
  return type === 'loglikelihood_rolling' ? new PyFloat(Number(text.replace('inf', 'Infinity'))) : text
}
