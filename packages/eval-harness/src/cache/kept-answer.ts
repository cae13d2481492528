import type { AnswerTo, Counted, ModelRequest } from '@saeval/language-model'

/** An answer and its share of what was counted when it was computed. */
export interface KeptAnswer {
  readonly answer: AnswerTo<ModelRequest>
  readonly counted: Counted
}

/** As JSON: a text; the digits of a number, in a list; with it, whether the continuation is the likeliest. Then the counts, those of the rows last. */
export function toStored({ answer, counted: { requested, computed, acted } }: KeptAnswer): unknown {
  return [storedAnswer(answer), [requested, computed, ...acted]]
}

/** null for what is none. */
export function fromStored(stored: unknown): KeptAnswer | null {
  if (!Array.isArray(stored) || !Array.isArray(stored[1])) return null
  const [kept, [requested, computed, ...acted]] = stored
  const counts = [requested, computed, ...acted.filter((count) => count !== null)]
  const answer = answerFrom(kept)
  if (answer === null || !counts.every(Number.isInteger)) return null
  return { answer, counted: { requested, computed, acted } }
}

function storedAnswer(answer: AnswerTo<ModelRequest>): unknown {
  if (typeof answer === 'string') return answer
  return typeof answer === 'number' ? [digits(answer)] : [digits(answer.logprob), answer.isGreedy]
}

function answerFrom(kept: unknown): AnswerTo<ModelRequest> | null {
  if (typeof kept === 'string') return kept
  if (!Array.isArray(kept) || typeof kept[0] !== 'string') return null
  const number = Number(kept[0])
  if (kept.length === 1) return number
  return typeof kept[1] === 'boolean' ? { logprob: number, isGreedy: kept[1] } : null
}

/** Number() gives the same number back; JSON has no -0 and no infinities. */
function digits(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value)
}
