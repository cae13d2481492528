import { InputError } from '@saeval/hub'
import type { Tokenizer } from '@saeval/tokenizer'
import { rollingTokenWindows } from '@saeval/tokenizer/internal/rolling-windows'
import { type SplitPair, splitPair } from '@saeval/tokenizer/internal/split-pair'
import type { ThinkEnd } from './thinking.js'

/** How texts become model inputs; the rules are those of lm_eval's HFLM. */
export interface TextRules {
  readonly tokenizer: Tokenizer
  /** Whether BOS is added; null leaves it to the tokenizer. */
  readonly addBosToken: boolean | null
  /** Stands before an empty context, and before the first token of a rolling text. */
  readonly prefixTokenId: number
  /** Longest input in tokens. */
  readonly maxLength: number
  /** What ends thinking in generated texts; null where none is cut off. */
  readonly thinkEnd?: ThinkEnd | null
  /** Whether the chat template asks the model to think, with which log-likelihoods mean nothing. */
  readonly thinking?: boolean
}

/** The prefix token: as given, else BOS, else EOS. Throws InputError when there is none, or none of that number in the vocabulary. */
export function resolvePrefixTokenId(tokenizer: Tokenizer, argument: number | null, vocabSize: number): number {
  const id = argument ?? tokenizer.bos?.id ?? tokenizer.eos?.id
  if (id === undefined) throw new InputError('the tokenizer has neither a BOS nor an EOS token; give prefix_token_id')
  if (!(Number.isInteger(id) && id >= 0 && id < vocabSize))
    throw new InputError(`prefix_token_id is ${id}, outside the model's vocabulary of ${vocabSize} tokens`)
  return id
}

/** A tokenizer whose `encode` throws InputError for tokens that the model does not have. */
export function withinVocabulary(tokenizer: Tokenizer, vocabSize: number): Tokenizer {
  return {
    ...tokenizer,
    encode: (text, options) => {
      const ids = tokenizer.encode(text, options)
      const wrong = ids.find((id) => id >= vocabSize)
      if (wrong === undefined) return ids
      throw new InputError(
        `the tokenizer gives token ${wrong}, but the model has ${vocabSize} tokens: it is another model's, or damaged`,
      )
    },
  }
}

/** Token ids of a text, special tokens by the rules; a text that starts with the prefix token's text gets no second one. */
export function encodeText({ tokenizer, addBosToken, prefixTokenId }: TextRules, text: string): number[] {
  const hasPrefix = text.startsWith(tokenizer.decode([prefixTokenId]))
  const addSpecialTokens = hasPrefix ? false : addBosToken
  return tokenizer.encode(text, addSpecialTokens === null ? {} : { addSpecialTokens })
}

/** splitPair for pair after pair: the choices of a question come one after the other with the same context, which is encoded once. */
export function pairEncoder(rules: TextRules): (context: string, continuation: string) => SplitPair {
  const encode = (text: string) => encodeText(rules, text)
  let last: { text: string; ids: number[] } | null = null
  const pairRules = {
    prefixTokenId: rules.prefixTokenId,
    encode,
    encodeAlone: (text: string) => rules.tokenizer.encode(text, { addSpecialTokens: false }),
    encodeContext: (text: string) => {
      if (last?.text !== text) last = { text, ids: encode(text) }
      return last.ids
    },
  }
  return (context, continuation) => splitPair(pairRules, context, continuation)
}

/** A model input and the tokens that its last positions predict. */
export interface ScoringWindow {
  readonly inputIds: number[]
  readonly targetIds: number[]
  /** Tokens cut off on the left. */
  readonly truncated: number
}

/**
 * The last maxLength + 1 tokens without the final one; they predict the continuation. Throws InputError for a continuation that is longer than
 * that: a part of it would have another log-likelihood.
 */
export function scoringWindow(
  contextIds: readonly number[],
  continuationIds: readonly number[],
  maxLength: number,
): ScoringWindow {
  if (continuationIds.length > maxLength)
    throw new InputError(
      `a continuation has ${continuationIds.length} tokens and the model takes ${maxLength}, so it has no log-likelihood; leave the document out, or raise max_length`,
    )
  const all = [...contextIds, ...continuationIds]
  const kept = all.slice(-(maxLength + 1))
  return { inputIds: kept.slice(0, -1), targetIds: [...continuationIds], truncated: all.length - kept.length }
}

/** The windows of a text as model inputs. */
export function rollingWindows(rules: TextRules, text: string): ScoringWindow[] {
  return rollingTokenWindows(encodeText(rules, text), rules.prefixTokenId, rules.maxLength).map(
    ({ contextIds, continuationIds }) => {
      return scoringWindow(contextIds, continuationIds, rules.maxLength)
    },
  )
}

/** The end of a prompt that leaves room for maxGenToks new tokens, and whether its beginning was cut. Throws InputError when nothing would be left. */
export function encodeGenerationContext(
  { tokenizer, addBosToken, prefixTokenId, maxLength }: TextRules,
  context: string,
  maxGenToks: number,
): { readonly ids: number[]; readonly truncated: boolean } {
  const room = maxLength - maxGenToks
  if (room < 1)
    throw new InputError(
      `max_gen_toks ${maxGenToks} leaves no room for a prompt in the model's ${maxLength} tokens; lower it`,
    )
  const hasBos = tokenizer.bos !== null && context.startsWith(tokenizer.bos.text)
  const addSpecialTokens = hasBos ? false : addBosToken
  const ids = tokenizer.encode(context, addSpecialTokens === null ? {} : { addSpecialTokens })
  return { ids: ids.length === 0 ? [prefixTokenId] : ids.slice(-room), truncated: ids.length > room }
}
