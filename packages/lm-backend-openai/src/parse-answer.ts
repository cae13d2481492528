import { isObject } from '@saeval/hub/checks'
import type { LoglikelihoodResult } from '@saeval/language-model'

/** An answer that is JSON, but not what was asked for; the message is one sentence. */
export class AnswerError extends Error {
  override name = 'AnswerError'
}

type Fields = Readonly<Record<string, unknown>>

/** The choices of an answer in the order of the requests. Throws AnswerError where there is not one for each. */
export function choicesOf(answer: unknown, requests: number): Fields[] {
  const choices = isObject(answer) ? answer.choices : undefined
  if (!Array.isArray(choices) || !choices.every(isObject)) throw new AnswerError('the answer has no choices')
  if (choices.length !== requests)
    throw new AnswerError(`the answer has ${choices.length} choices for ${requests} prompts`)
  const ordered: Fields[] = []
  for (const choice of choices) {
    const index = choice.index ?? (requests === 1 ? 0 : undefined)
    if (!isIndex(index) || index >= requests || ordered[index] !== undefined)
      throw new AnswerError('the choices of the answer have no index, or not one for each prompt')
    ordered[index] = choice
  }
  return ordered
}

/**
 * log P of the tokens from `from` on (lm_eval's ctxlen), in nats: the server echoes the `tokens` of the prompt, and writes one more, which is left
 * out. A token is greedy that is as likely as the most likely of top_logprobs. Throws AnswerError where the server counts other tokens.
 */
export function echoedLogprob(choice: Fields, from: number, tokens: number): LoglikelihoodResult {
  const logprobs = isObject(choice.logprobs) ? choice.logprobs : {}
  const { token_logprobs: each, top_logprobs: top } = logprobs
  if (!Array.isArray(each) || !Array.isArray(top))
    throw new AnswerError('the answer has no log-probabilities; the server must support echo and logprobs')
  if (each.length !== tokens + 1 || top.length !== each.length)
    throw new AnswerError(
      `the server counts ${Math.max(0, each.length - 1)} tokens where the tokenizer here has ${tokens}; give the model's own as tokenizer=…`,
    )
  let logprob = 0
  let isGreedy = true
  for (let at = from; at < tokens; at++) {
    const [value, others] = [each[at], top[at]]
    const most = isObject(others) ? Object.values(others) : null
    if (!Number.isFinite(value) || most === null || !most.every(Number.isFinite))
      throw new AnswerError(`the answer has no log-probability of token ${at + 1}`)
    logprob += value
    if (value !== (most as number[]).reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)) isGreedy = false
  }
  return { logprob, isGreedy }
}

/** The text of a choice; null where the server gave none. */
export function textOf(choice: Fields): string | null {
  return textIn(choice.text)
}

/** The text of a chat's choice; null where the server gave none. */
export function messageTextOf(choice: Fields): string | null {
  return textIn(isObject(choice.message) ? choice.message.content : null)
}

function textIn(value: unknown): string | null {
  if (value == null || typeof value === 'string') return value ?? null
  throw new AnswerError('the answer has a choice whose text is none')
}

function isIndex(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0
}
