import { checked, index, objectOf, recordOf, text, truth } from '@saeval/hub/checks'
import * as v from 'valibot'

type Values = Readonly<Record<string, unknown>>

const token = objectOf({
  content: text,
  id: v.nullish(index),
  special: v.nullish(truth, false),
  normalized: v.nullish(truth),
  single_word: v.nullish(truth, false),
})
/** A token that tokenizer.json or tokenizer_config.json adds to the vocabulary. */
export type AddedToken = v.InferOutput<typeof token>

const fileSchema = objectOf({ added_tokens: v.nullish(v.array(token, 'a list of tokens'), []) })

/** The tokens that tokenizer.json adds to the vocabulary. Throws InputError where they are none. */
export function addedTokens(path: string, tokenizerJson: Values): readonly AddedToken[] {
  return checked(path, fileSchema, tokenizerJson).added_tokens
}

const name = v.union([text, objectOf({ content: text })], 'a text or a token')
const names = v.nullish(v.union([v.array(name), recordOf(name)], 'a list or an object of tokens'), [])
const configSchema = objectOf({
  added_tokens_decoder: v.nullish(recordOf(token), {}),
  additional_special_tokens: names,
  extra_special_tokens: names,
})

/**
 * Texts of the tokens that decoding leaves out with skip_special_tokens, as transformers 5.18 marks them: those that tokenizer.json (`inFile`) or
 * added_tokens_decoder of tokenizer_config.json call special, and tokens with a role (`named`: bos_token, …) or in additional_special_tokens
 * that neither of the two lists. Throws InputError where the latter's are no tokens.
 */
export function skippedTokens(
  inFile: readonly AddedToken[],
  configPath: string,
  config: Values,
  named: readonly string[],
): ReadonlySet<string> {
  const fields = checked(configPath, configSchema, config)
  const listed = [...inFile, ...Object.values(fields.added_tokens_decoder)]
  const known = new Set(listed.map(({ content }) => content))
  const extra = [fields.additional_special_tokens, fields.extra_special_tokens].flatMap((value) => Object.values(value))
  const texts = [...named, ...extra.map((given) => (typeof given === 'string' ? given : given.content))]
  return new Set([
    ...listed.filter(({ special }) => special).map(({ content }) => content),
    ...texts.filter((content) => !known.has(content)),
  ])
}
