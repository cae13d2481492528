import { InputError } from '@saeval/hub'
import type { Tokenizer } from '@saeval/tokenizer'
import { rollingTokenWindows } from '@saeval/tokenizer/internal/rolling-windows'
import { type SplitPair, splitPair } from '@saeval/tokenizer/internal/split-pair'

/** How texts become tokens; the rules are those of lm_eval's TemplateAPI. */
export interface TokenRules {
  readonly tokenizer: Tokenizer
  readonly addBosToken: boolean
  /** Stands before an empty context and before a rolling text. */
  readonly prefixTokenId: number
  /** Longest prompt in tokens: max_length less one for the token that is written. */
  readonly maxLength: number
}

/** A prompt whose tokens from `from` on are scored. */
export interface ScoredPrompt {
  readonly ids: readonly number[]
  readonly from: number
  /** Whether its beginning was cut. */
  readonly isCut: boolean
}

/** A context with its continuation. Throws InputError for continuations without tokens, or with more than the model takes. */
export function scoredPair(rules: TokenRules, context: string, continuation: string): ScoredPrompt {
  const { tokenizer, addBosToken: addSpecialTokens, prefixTokenId } = rules
  // lm_eval adds BOS to a continuation without context too where add_bos_token is set
  const encode = (text: string) => tokenizer.encode(text, { addSpecialTokens })
  const pairRules = { prefixTokenId, encode, encodeAlone: encode, encodeContext: encode }
  return scored(rules, splitPair(pairRules, context, continuation))
}

/** The windows of a whole document, which are scored one by one. */
export function rollingPrompts(rules: TokenRules, text: string): ScoredPrompt[] {
  const ids = rules.tokenizer.encode(text, { addSpecialTokens: rules.addBosToken })
  return rollingTokenWindows(ids, rules.prefixTokenId, rules.maxLength - 1).map((window) => scored(rules, window))
}

/** The end of a prompt that leaves room for what is written. Throws InputError where nothing would be left. */
export function promptToContinue(
  { tokenizer, addBosToken, maxLength }: Omit<TokenRules, 'prefixTokenId'>,
  context: string,
  maxGenToks: number,
): { readonly ids: readonly number[]; readonly isCut: boolean } {
  const room = maxLength - maxGenToks
  if (room < 1)
    throw new InputError(
      `max_gen_toks ${maxGenToks} leaves no room for a prompt in ${maxLength} tokens; lower it, or raise max_length`,
    )
  const ids = tokenizer.encode(context, { addSpecialTokens: addBosToken })
  return { ids: ids.slice(-room), isCut: ids.length > room }
}

function scored({ maxLength }: TokenRules, { contextIds, continuationIds }: SplitPair): ScoredPrompt {
  const all = [...contextIds, ...continuationIds]
  const ids = all.slice(-maxLength)
  const from = contextIds.length - Math.max(0, all.length - maxLength)
  if (from < 1)
    throw new InputError(
      `a continuation has ${continuationIds.length} tokens and the model takes ${maxLength}, so it has no log-likelihood; raise max_length`,
    )
  return { ids, from, isCut: ids.length < all.length }
}
