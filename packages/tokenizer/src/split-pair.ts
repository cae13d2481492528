import { InputError } from '@saeval/hub'
import { strip } from '@saeval/python/templates'

/** Token ids of a context and of what follows it; neither is empty. */
export interface SplitPair {
  readonly contextIds: readonly number[]
  readonly continuationIds: readonly number[]
}

/** How the texts of a pair become tokens. */
export interface PairRules {
  /** Stands before an empty context. */
  readonly prefixTokenId: number
  encode(text: string): readonly number[]
  /** A continuation without context. */
  encodeAlone(text: string): readonly number[]
  /** A context without white space at its end. */
  encodeContext(text: string): readonly number[]
}

/**
 * Splits a pair as lm_eval's _encode_pair: the whole is encoded and cut at the context's length, white space at the end of the context belonging to
 * the continuation. An empty context becomes the prefix token. So does one of white space only when the tokenizer leaves nothing of it; lm_eval stops
 * there with an assertion. Throws InputError for a continuation without tokens of its own.
 */
export function splitPair(rules: PairRules, context: string, continuation: string): SplitPair {
  const { contextIds, continuationIds } = split(rules, context, continuation)
  if (continuationIds.length > 0) return { contextIds, continuationIds }
  throw new InputError(
    `the continuation ${JSON.stringify(continuation.slice(0, 80))} has no tokens of its own after its context, so it has no log-likelihood`,
  )
}

function split(rules: PairRules, context: string, continuation: string): SplitPair {
  const prefix = [rules.prefixTokenId]
  if (context === '') {
    const ids = rules.encodeAlone(continuation)
    if (ids[0] !== rules.prefixTokenId) return { contextIds: prefix, continuationIds: ids }
    return { contextIds: ids.slice(0, 1), continuationIds: ids.slice(1) }
  }
  const contextIds = rules.encodeContext(strip(context, 'right'))
  const whole = rules.encode(context + continuation)
  if (contextIds.length === 0) return { contextIds: prefix, continuationIds: whole }
  return { contextIds, continuationIds: whole.slice(contextIds.length) }
}
