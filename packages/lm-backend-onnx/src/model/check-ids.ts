import { InputError } from '@saeval/hub'
import type { Forward } from '../forward/forward.js'

/** The tokens of a text. Throws InputError where there are none, more than the model takes, or one that is outside its vocabulary. */
export function checkIds(forward: Forward, ids: readonly number[], maxLength: number): readonly number[] {
  if (ids.length === 0) throw new InputError('the text has no tokens')
  if (ids.length > maxLength) throw new InputError(`the text has ${ids.length} tokens, the model takes ${maxLength}`)
  const wrong = ids.find((id) => !Number.isInteger(id) || id < 0 || id >= forward.spec.vocabSize)
  if (wrong !== undefined)
    throw new InputError(`token id ${wrong} is outside the vocabulary of ${forward.spec.vocabSize}`)
  return ids
}
