/** A token with a role of its own. */
export interface SpecialToken {
  readonly text: string
  readonly id: number
}

/** What steering needs of a tokenizer. */
export interface TextTokenizer {
  /** Token ids; special tokens are added as the tokenizer does by itself unless told otherwise. */
  encode(text: string, options?: { readonly addSpecialTokens?: boolean }): number[]
  /** Text of token ids; special tokens are kept by default, ids without a token have no text. */
  decode(ids: readonly number[], options?: { readonly skipSpecialTokens?: boolean }): string
  /** How many of the ids have a text that later ones cannot change; half a character at their end is still U+FFFD. */
  settled(ids: readonly number[]): number
  readonly bos: SpecialToken | null
  readonly eos: SpecialToken | null
  /** Ids of all tokens that are marked as special, those of chat templates too. */
  readonly specialIds: ReadonlySet<number>
}
