import type { MetricQuestion, OwnMetric } from './metric-question.js'
import { distinctShare, includesWord, repetition, wordsOf } from './text-scores.js'

/** Metrics of saeval that lm_eval does not have; a task file names them like any other. */
export const saevalMetrics: Readonly<Record<string, OwnMetric>> = {
  /** See answerMargin. */
  choice_margin: { score: answerMargin },
  /** See distinctShare; `n` (2 by default). */
  distinct_n: { settings: ['n'], score: (question, { n = 2 }) => distinctShare(textOf(question), size(n)) },
  /** See repetition; `n` (4 by default). Lower is better. */
  repetition_n: {
    settings: ['n'],
    higherIsBetter: false,
    score: (question, { n = 4 }) => repetition(textOf(question), size(n)),
  },
  /** 1 where the text has a word of `words`, whatever its case, else 0. */
  inclusion: {
    settings: ['words'],
    score: (question, { words }) => (includesWord(textOf(question), wordList(words)) ? 1 : 0),
  },
}

/**
 * Log-probability of the right choice above the most likely wrong one, in nats: above 0 where the answer is right. Of several right choices the most
 * likely one counts. Where accuracy only flips, it moves.
 */
function answerMargin(question: MetricQuestion): number {
  if (question.type !== 'multiple_choice')
    throw new Error(`a ${question.type} task has no choices; take another metric`)
  const right = [question.target].flat()
  const best = (isRight: boolean) =>
    Math.max(
      ...question.results.flatMap(({ logprob }, choice) => (right.includes(choice) === isRight ? [logprob] : [])),
    )
  const margin = best(true) - best(false)
  if (!Number.isFinite(margin)) throw new Error('the document has no right choice beside a wrong one')
  return margin
}

function textOf(question: MetricQuestion): string {
  if (question.type !== 'generate_until') throw new Error(`a ${question.type} task writes no text; take another metric`)
  const { answer } = question
  if (typeof answer !== 'string') throw new Error('the filters leave something other than a text; use take_first')
  return answer
}

function size(n: unknown): number {
  if (Number.isInteger(n) && (n as number) > 0) return n as number
  throw new Error(`n is ${JSON.stringify(n)}, not a whole number above 0`)
}

function wordList(words: unknown): string[] {
  const list = Array.isArray(words) ? words : []
  if (list.length > 0 && list.every((word) => typeof word === 'string' && wordsOf(word).length === 1)) return list
  throw new Error('words must be a list of single words')
}
