/** A token that tokenizer.json or tokenizer_config.json adds to the vocabulary. */
interface AddedToken {
  readonly content: string
  readonly special?: boolean
}

/**
 * Texts of the tokens that decoding leaves out with skip_special_tokens, as transformers 5.18 marks them: those that tokenizer.json or
 * added_tokens_decoder of tokenizer_config.json call special, and tokens with a role (`named`: bos_token, …) or in additional_special_tokens
 * that neither of the two lists.
 */
export function skippedTokens(
  tokenizerJson: Readonly<Record<string, unknown>>,
  config: Readonly<Record<string, unknown>>,
  named: readonly string[],
): ReadonlySet<string> {
  const inFile = (tokenizerJson.added_tokens ?? []) as readonly AddedToken[]
  const inConfig = Object.values((config.added_tokens_decoder ?? {}) as Record<string, AddedToken>)
  const listed = [...inFile, ...inConfig]
  const known = new Set(listed.map(({ content }) => content))
  const extra = [config.additional_special_tokens, config.extra_special_tokens].flatMap((value) =>
    typeof value === 'object' && value !== null ? Object.values(value) : [],
  )
  const texts = [...named, ...extra.map((token) => (typeof token === 'string' ? token : (token as AddedToken).content))]
  return new Set([
    ...listed.filter(({ special }) => special === true).map(({ content }) => content),
    ...texts.filter((text) => !known.has(text)),
  ])
}
