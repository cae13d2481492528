import { Tokenizer as Library } from '@huggingface/tokenizers'
import { InputError } from '@saeval/hub'
import { isObject, shown } from '@saeval/hub/checks'
import { TimeLimitError, withinSeconds } from '@saeval/hub/internal/time-limit'
import { createDecoder } from './decoder.js'
import { canCutBeforeNewlines, hasOtherPatterns } from './newline-cuts.js'
import { piecewise } from './piecewise.js'
import type { AddedToken } from './special-tokens.js'

type Values = Readonly<Record<string, unknown>>

/** The library's tokenizer and the decoder of its file. Each call throws InputError that names the file where it makes them fail. */
export interface FastTokenizer {
  encode(text: string, addSpecialTokens: boolean): number[]
  decode(tokens: readonly string[]): string
  idOf(token: string): number | undefined
  tokenOf(id: number): string | undefined
}

/** Makes the tokenizer of a tokenizer.json; `config` is tokenizer_config.json. Throws InputError where the file is none. */
export function openFastTokenizer(
  path: string,
  file: Values,
  config: Values,
  added: readonly AddedToken[],
): FastTokenizer {
  checkModel(path, file.model)
  const run = <Result>(work: () => Result): Result => {
    try {
      return work()
    } catch (cause) {
      if (InputError.isInstance(cause)) throw cause
      // what is no plain Error is about the library's inside
      const own = cause instanceof Error && cause.constructor === Error ? `: ${cause.message.slice(0, 100)}` : ''
      throw new InputError(`${path} is not a tokenizer that can be used${own}`, { cause })
    }
  }
  const { library, decoder, isCut, isLimited } = run(() => ({
    library: new Library(file, config),
    decoder: createDecoder(path, file.decoder ?? null),
    isCut: canCutBeforeNewlines({ ...file, added_tokens: added }, config),
    isLimited: hasOtherPatterns(file),
  }))
  const encode = (text: string, addSpecialTokens: boolean) =>
    run(() => library.encode(text, { add_special_tokens: addSpecialTokens }).ids)
  const encodeInTime = isLimited ? limited(path, encode) : encode
  return {
    encode: isCut ? piecewise(encodeInTime) : encodeInTime,
    decode: (tokens) => run(() => (decoder === null ? tokens.join(' ') : decoder(tokens).join(''))),
    idOf: (token) => run(() => library.token_to_id(token)),
    tokenOf: (id) => run(() => library.id_to_token(id)),
  }
}

/** Characters that any pattern finds its way through in a second. */
const charactersASecond = 20_000

/** The same within a time: a pattern can be one that goes back without end. */
function limited(path: string, encode: FastTokenizer['encode']): FastTokenizer['encode'] {
  return (text, addSpecialTokens) => {
    try {
      return withinSeconds(5 + text.length / charactersASecond, () => encode(text, addSpecialTokens))
    } catch (cause) {
      if (!(cause instanceof TimeLimitError)) throw cause
      throw new InputError(
        `${path}: its patterns take too long on a text of ${text.length} characters (${cause.message})`,
        {
          cause,
        },
      )
    }
  }
}

const kinds: readonly unknown[] = ['BPE', 'WordPiece', 'Unigram', 'WordLevel']

/** Throws InputError where the model's vocabulary or merges are none: the library takes what it is given. */
function checkModel(path: string, model: unknown): void {
  const wrong = (field: string, value: unknown, expected: string) =>
    new InputError(`${path}: ${field} is ${shown(value)}, expected ${expected}`)
  if (!isObject(model)) throw wrong('model', model, 'an object')
  const { type, vocab, merges } = model
  // the library takes any other for BPE
  if (type != null && !kinds.includes(type)) throw wrong('model.type', type, kinds.join(' or '))
  if (Array.isArray(vocab)) {
    const isScored = (entry: unknown) =>
      Array.isArray(entry) && typeof entry[0] === 'string' && typeof entry[1] === 'number'
    const at = vocab.findIndex((entry) => !isScored(entry))
    if (at >= 0) throw wrong(`model.vocab[${at}]`, vocab[at], 'a token and its score')
  } else if (isObject(vocab)) {
    for (const token in vocab)
      if (!(Number.isSafeInteger(vocab[token]) && (vocab[token] as number) >= 0))
        throw wrong(`model.vocab.${token.slice(0, 50)}`, vocab[token], 'a whole number from 0')
  } else throw wrong('model.vocab', vocab, 'an object of token ids')
  if (merges === undefined) return
  if (!Array.isArray(merges)) throw wrong('model.merges', merges, 'a list')
  const isMerge = (merge: unknown) =>
    typeof merge === 'string' ||
    (Array.isArray(merge) && merge.length === 2 && merge.every((part) => typeof part === 'string'))
  const at = merges.findIndex((merge) => !isMerge(merge))
  if (at >= 0) throw wrong(`model.merges[${at}]`, merges[at], 'two tokens')
}
