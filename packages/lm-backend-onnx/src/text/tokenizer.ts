import { readFile } from 'node:fs/promises'
import { Tokenizer as FastTokenizer } from '@huggingface/tokenizers'
import { InputError } from '@saeval/hub'
import { canCutBeforeNewlines } from './newline-cuts.js'
import { piecewise } from './piecewise.js'

/** A token with a role of its own. */
export interface SpecialToken {
  readonly text: string
  readonly id: number
}

/** A tokenizer with the behaviour of transformers' fast tokenizers. */
export interface Tokenizer {
  /** Token ids; special tokens are added as the tokenizer does by itself unless told otherwise. */
  encode(text: string, options?: { readonly addSpecialTokens?: boolean }): number[]
  /** Text of token ids; special tokens are kept by default. */
  decode(ids: readonly number[], options?: { readonly skipSpecialTokens?: boolean }): string
  readonly bos: SpecialToken | null
  readonly eos: SpecialToken | null
  readonly pad: SpecialToken | null
  readonly unk: SpecialToken | null
  /** Ids of all tokens that are marked as special, those of chat templates too. */
  readonly specialIds: ReadonlySet<number>
  /** Whether encode() starts every text with BOS by itself. */
  readonly addsBos: boolean
  /** Jinja source, where the model has a chat template. */
  readonly chatTemplateSource: string | null
}

export interface TokenizerFiles {
  /** Paths. */
  readonly tokenizerJson: string
  readonly tokenizerConfig: string | null
  readonly specialTokensMap: string | null
  /** chat_template.jinja */
  readonly chatTemplate: string | null
  /** model_type of config.json: names the Python class, whose defaults count where the files say nothing. */
  readonly modelType: string
  /**
   * lm_eval's add_bos_token: true puts BOS before every text that gets special tokens, whether or not the tokenizer does so by itself;
   * null (default) leaves it to the tokenizer.
   */
  readonly addBosToken?: boolean | null
}

type Role = 'bos' | 'eos' | 'pad' | 'unk'

/** Special tokens that transformers' tokenizer classes have by default. */
const classDefaults: Readonly<Record<string, Partial<Record<Role, string>>>> = {
  gpt2: { bos: '<|endoftext|>', eos: '<|endoftext|>', unk: '<|endoftext|>' },
  gpt_neo: { bos: '<|endoftext|>', eos: '<|endoftext|>', unk: '<|endoftext|>' },
  gpt_neox: { bos: '<|endoftext|>', eos: '<|endoftext|>', unk: '<|endoftext|>' },
}

/** Loads a tokenizer from its files. Throws InputError for files that are not what they should be. */
export async function loadTokenizer(files: TokenizerFiles): Promise<Tokenizer> {
  const tokenizerJson = await readObject(files.tokenizerJson)
  const config = files.tokenizerConfig === null ? {} : await readObject(files.tokenizerConfig)
  const map = files.specialTokensMap === null ? {} : await readObject(files.specialTokensMap)
  let fast: FastTokenizer
  try {
    fast = new FastTokenizer(tokenizerJson, config)
  } catch (cause) {
    throw new InputError(
      `${files.tokenizerJson} is not a tokenizer that can be used: ${cause instanceof Error ? cause.message : cause}`,
      { cause },
    )
  }
  const special = (role: Role): SpecialToken | null => {
    const text =
      tokenText(config[`${role}_token`]) ?? tokenText(map[`${role}_token`]) ?? classDefaults[files.modelType]?.[role]
    const id = text === undefined ? undefined : fast.token_to_id(text)
    return text === undefined || id === undefined ? null : { text, id }
  }
  const encodeWhole = (text: string, addSpecialTokens: boolean) =>
    fast.encode(text, { add_special_tokens: addSpecialTokens }).ids
  const encodePlain = canCutBeforeNewlines(tokenizerJson, config) ? piecewise(encodeWhole) : encodeWhole
  const bos = special('bos')
  const addsBos = bos !== null && encodePlain('a', true)[0] === bos.id && encodePlain('a', false)[0] !== bos.id
  const { addBosToken = null } = files
  if (addBosToken === true && bos === null)
    throw new InputError('the tokenizer has no BOS token, so add_bos_token=true cannot take effect')
  const encode = (text: string, addSpecialTokens: boolean) => {
    const ids = encodePlain(text, addSpecialTokens)
    return addSpecialTokens && addBosToken === true && !addsBos ? [bos!.id, ...ids] : ids
  }
  // transformers 5 leaves spaces alone unless the tokenizer's own file asks for the old clean-up
  const cleanUp = config.clean_up_tokenization_spaces === true
  return {
    encode: (text, { addSpecialTokens = true } = {}) => encode(text, addSpecialTokens),
    decode: (ids, { skipSpecialTokens = false } = {}) => {
      // the library refuses an empty list
      return ids.length === 0
        ? ''
        : fast.decode([...ids], { skip_special_tokens: skipSpecialTokens, clean_up_tokenization_spaces: cleanUp })
    },
    bos,
    eos: special('eos'),
    pad: special('pad'),
    unk: special('unk'),
    specialIds: specialIds(tokenizerJson.added_tokens, [bos, special('eos'), special('pad'), special('unk')]),
    addsBos: addsBos || addBosToken === true,
    chatTemplateSource:
      files.chatTemplate === null ? templateOf(config.chat_template) : await readFile(files.chatTemplate, 'utf8'),
  }
}

function specialIds(added: unknown, roles: readonly (SpecialToken | null)[]): ReadonlySet<number> {
  const marked = (Array.isArray(added) ? added : []) as { id?: unknown; special?: unknown }[]
  const ids = marked.flatMap(({ id, special }) => (special === true && typeof id === 'number' ? [id] : []))
  return new Set([...ids, ...roles.flatMap((token) => token?.id ?? [])])
}

async function readObject(path: string): Promise<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'))
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  } catch (cause) {
    throw new InputError(`${path} is not valid JSON; download the model again`, { cause })
  }
  throw new InputError(`${path} is not a JSON object`)
}

/** A token is written as text or as an AddedToken object. */
function tokenText(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  const content = (value as { content?: unknown } | null | undefined)?.content
  return typeof content === 'string' ? content : undefined
}

/** A template is written as text or as a list of named ones, of which "default" counts. */
function templateOf(value: unknown): string | null {
  if (typeof value === 'string') return value
  if (!Array.isArray(value)) return null
  const found = (value as { name?: unknown; template?: unknown }[]).find((item) => item.name === 'default')?.template
  return typeof found === 'string' ? found : null
}
