import { InputError } from '@saeval/hub'
import { readModelJson, readModelText } from '@saeval/hub/checks'
import type { SpecialToken, TextTokenizer } from '@saeval/language-model'
import { cleanUp, fallbackByte } from './decoder.js'
import { openFastTokenizer } from './fast-tokenizer.js'
import { type AddedToken, addedTokens, skippedTokens } from './special-tokens.js'

/** A tokenizer with the behaviour of transformers' fast tokenizers. */
export interface Tokenizer extends TextTokenizer {
  readonly pad: SpecialToken | null
  readonly unk: SpecialToken | null
  /** Texts of the other tokens with a name: sep_token, cls_token, mask_token, as far as there are any. */
  readonly otherTokens: Readonly<Record<string, string>>
  /** Whether encode() starts every text with BOS by itself. */
  readonly addsBos: boolean
  /** Jinja source, where the model has a chat template. */
  readonly chatTemplateSource: string | null
  /** The template named tool_use, which is taken where tools are given. */
  readonly toolTemplateSource: string | null
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
  const tokenizerJson = await readModelJson(files.tokenizerJson)
  const config = files.tokenizerConfig === null ? {} : await readModelJson(files.tokenizerConfig)
  const map = files.specialTokensMap === null ? {} : await readModelJson(files.specialTokensMap)
  const added = addedTokens(files.tokenizerJson, tokenizerJson)
  const fast = openFastTokenizer(files.tokenizerJson, tokenizerJson, config, added)
  const special = (role: Role): SpecialToken | null => {
    const text =
      tokenText(config[`${role}_token`]) ?? tokenText(map[`${role}_token`]) ?? classDefaults[files.modelType]?.[role]
    const id = text === undefined ? undefined : fast.idOf(text)
    return text === undefined || id === undefined ? null : { text, id }
  }
  const bos = special('bos')
  const addsBos = bos !== null && fast.encode('a', true)[0] === bos.id && fast.encode('a', false)[0] !== bos.id
  const { addBosToken = null } = files
  if (addBosToken === true && bos === null)
    throw new InputError('the tokenizer has no BOS token, so add_bos_token=true cannot take effect')
  const encode = (text: string, addSpecialTokens: boolean) => {
    const ids = fast.encode(text, addSpecialTokens)
    return addSpecialTokens && addBosToken === true && !addsBos ? [bos!.id, ...ids] : ids
  }
  const roles = (['bos', 'eos', 'pad', 'unk'] as const).map(special)
  const skipped = skippedTokens(
    added,
    files.tokenizerConfig ?? '',
    config,
    roles.flatMap((token) => token?.text ?? []),
  )
  const cleansUp = cleansUpSpaces(tokenizerJson, config)
  const fallsBack = JSON.stringify(tokenizerJson.decoder ?? null).includes('"ByteFallback"')
  const templates = templatesOf(
    files.chatTemplate === null ? config.chat_template : await readModelText(files.chatTemplate),
  )
  return {
    encode: (text, { addSpecialTokens = true } = {}) => encode(text, addSpecialTokens),
    decode: (ids, { skipSpecialTokens = false } = {}) => {
      const tokens = ids
        .flatMap((id) => fast.tokenOf(id) ?? [])
        .filter((token) => !(skipSpecialTokens && skipped.has(token)))
      const text = fast.decode(tokens)
      return cleansUp ? cleanUp(text) : text
    },
    settled: (ids) => {
      // bytes in a row are one text or none, also across tokens that are left out
      const open = (id: number) => {
        const token = fast.tokenOf(id)
        return token === undefined || skipped.has(token) || fallbackByte(token) !== null
      }
      let length = ids.length
      while (fallsBack && length > 0 && open(ids[length - 1]!)) length--
      return length
    },
    bos,
    eos: special('eos'),
    pad: special('pad'),
    unk: special('unk'),
    otherTokens: Object.fromEntries(
      ['sep_token', 'cls_token', 'mask_token'].flatMap((name) => {
        const text = tokenText(config[name]) ?? tokenText(map[name])
        return text === undefined ? [] : [[name, text]]
      }),
    ),
    specialIds: specialIds(added, roles),
    addsBos: addsBos || addBosToken === true,
    chatTemplateSource: templates.get('default') ?? null,
    toolTemplateSource: templates.get('tool_use') ?? null,
  }
}

/**
 * Whether decoding takes blanks before punctuation away. transformers from 5.7 on does so only where tokenizer_config.json asks for it and the
 * model is no BPE, or a second field insists.
 */
function cleansUpSpaces(
  tokenizerJson: Readonly<Record<string, unknown>>,
  config: Readonly<Record<string, unknown>>,
): boolean {
  const { type, merges } = tokenizerJson.model as { type?: unknown; merges?: unknown }
  const isBpe = type === 'BPE' || (type === undefined && merges !== undefined)
  return (
    config.clean_up_tokenization_spaces === true &&
    (!isBpe || config.clean_up_tokenization_spaces_for_bpe_even_though_it_will_corrupt_output === true)
  )
}

function specialIds(added: readonly AddedToken[], roles: readonly (SpecialToken | null)[]): ReadonlySet<number> {
  const ids = added.flatMap(({ id, special }) => (special && typeof id === 'number' ? [id] : []))
  return new Set([...ids, ...roles.flatMap((token) => token?.id ?? [])])
}

/** A token is written as text or as an AddedToken object. */
function tokenText(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  const content = (value as { content?: unknown } | null | undefined)?.content
  return typeof content === 'string' ? content : undefined
}

/** A template is written as text, or as several by name: in a list, or in an object. */
function templatesOf(value: unknown): ReadonlyMap<string, string> {
  if (typeof value === 'string') return new Map([['default', value]])
  const named: (readonly [unknown, unknown])[] = Array.isArray(value)
    ? (value as { name?: unknown; template?: unknown }[]).map(({ name, template }) => [name, template] as const)
    : Object.entries((value ?? {}) as object)
  const texts = named.filter(([name, source]) => typeof name === 'string' && typeof source === 'string')
  return new Map(texts as readonly (readonly [string, string])[])
}
