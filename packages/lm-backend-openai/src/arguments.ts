import { InputError, option, type Said, sentence } from '@saeval/hub'
import { type ModelArguments, readArguments } from '@saeval/language-model'

/** What both models take in --model_args, under lm_eval's names. */
export const serverArguments = {
  model: 'string',
  pretrained: 'string',
  base_url: 'string',
  tokenizer: 'string',
  tokenizer_backend: 'string',
  tokenized_requests: 'boolean',
  revision: 'string',
  num_concurrent: 'count',
  max_retries: 'count',
  max_length: 'count',
  seed: 'count',
  timeout: 'number',
  add_bos_token: 'boolean',
  custom_prefix_token_id: 'count',
  eos_string: 'string',
  header: 'object',
  verify_certificate: 'boolean',
  ca_cert_path: 'string',
} as const

/** What `local-chat-completions` takes beside. */
export const chatArguments = { ...serverArguments, think_end_token: 'string' } as const

/** The arguments of either model, checked. */
export type ServerArguments = ReturnType<typeof readArguments<typeof chatArguments>>

/** Arguments of lm_eval that are refused, and why; with the values that ask for nothing. */
const refused: Readonly<Record<string, readonly [why: Said, ...neutral: unknown[]]>> = Object.assign(
  Object.create(null),
  {
    batch_size: [sentence`${option('batchSize')} says how many requests go into one call`],
    max_gen_toks: [sentence`tasks say it, and ${option('genKwargs')} max_gen_toks=… says it over them`],
    truncate: ['lm_eval does nothing with it; inputs that are too long are cut from the left in any case', false],
    auth_token: ['it is for the remote tokenizer, which is not supported; the server gets OPENAI_API_KEY'],
    trust_remote_code: ['saeval runs no code of repositories', false],
    use_fast_tokenizer: ['only fast tokenizers can be read', true],
    max_images: ['images are not supported', 1],
  },
)

/** The arguments, those that are null left out as in lm_eval. Throws InputError for what is not known, and for what cannot take effect. */
export function readServerArguments(
  name: string,
  given: ModelArguments,
  kinds: typeof serverArguments | typeof chatArguments,
): ServerArguments {
  const own: Record<string, ModelArguments[string]> = {}
  for (const [argument, value] of Object.entries(given)) {
    const [why, ...neutral] = refused[argument] ?? []
    if (why !== undefined && !neutral.includes(value))
      throw new InputError(sentence`${option('modelArgs')}: ${argument} is not supported by model ${name}: ${why}`)
    if (why === undefined && value !== null) own[argument] = value
  }
  return readArguments(name, own, kinds)
}
