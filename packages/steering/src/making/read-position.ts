import { InputError } from '@saeval/hub'
import type { SteerableModel } from '@saeval/language-model'
import type { ReadText } from './read-pairs.js'

/**
 * Where in a text an activation is taken: a token from 0, negative from the end; the mean over all tokens but BOS; the mean over those of the answer; or
 * the answer's letter, the token with which its first letter or digit is complete (the A of " (A)", where Rimsky et al. read).
 */
export type ReadPosition = number | 'mean' | 'answer' | 'letter'

/** A text's tokens, and the half-open range of those whose activations are averaged. */
export interface ReadTokens {
  readonly ids: readonly number[]
  readonly from: number
  readonly to: number
}

/**
 * The tokens of a text that are read at a position. The answer begins behind as many tokens as its context has alone, white space at the context's end
 * aside (lm_eval's rule for continuations). `name` is for messages. Throws InputError for texts that are too long and those without the position.
 */
export function readTokens(
  { tokenizer, info }: Pick<SteerableModel, 'tokenizer' | 'info'>,
  { context, answer }: ReadText,
  position: ReadPosition,
  name: string,
): ReadTokens {
  const ids = tokenizer.encode(context + answer)
  const count = ids.length
  if (count > info.maxLength)
    throw new InputError(`${name}: a text has ${count} tokens, and the model reads ${info.maxLength}`)
  const none = () => new InputError(`${name}: a text of ${count} tokens has no position ${position}`)
  if (typeof position === 'number') {
    const at = position < 0 ? count + position : position
    if (at < 0 || at >= count) throw none()
    return { ids, from: at, to: at + 1 }
  }
  const first = ids[0] === tokenizer.bos?.id ? 1 : 0
  const from = position === 'mean' ? first : tokenizer.encode(context.trimEnd()).length
  if (from >= count) throw none()
  if (position !== 'letter') return { ids, from, to: count }
  for (let at = from; at < count; at++) {
    if (/[\p{L}\p{N}]/u.test(tokenizer.decode(ids.slice(from, at + 1)))) return { ids, from: at, to: at + 1 }
  }
  throw new InputError(`${name}: the answer ${JSON.stringify(answer.slice(0, 80))} has no letter or digit`)
}
