import { InputError } from '@saeval/hub'
import { checked, index, objectOf, shown, text, truth } from '@saeval/hub/checks'
import * as v from 'valibot'

/** From tokens to the parts of a text, as a decoder of the library `tokenizers` (Rust) does it. */
export type Decoder = (tokens: readonly string[]) => readonly string[]

const kinds = {
  Sequence: objectOf({ decoders: v.array(v.unknown(), 'a list of decoders') }),
  Replace: objectOf({
    pattern: v.union([objectOf({ String: text }), objectOf({ Regex: text })], 'a String or a Regex'),
    content: text,
  }),
  Metaspace: objectOf({ replacement: v.nullish(text, '▁'), prepend_scheme: v.nullish(text, 'always') }),
  WordPiece: objectOf({ prefix: text, cleanup: v.nullish(truth, false) }),
  BPEDecoder: objectOf({ suffix: text }),
  Strip: objectOf({ content: text, start: index, stop: index }),
}
type Fields<Kind extends keyof typeof kinds> = v.InferOutput<(typeof kinds)[Kind]>
const ofKind = objectOf({ type: text })

/**
 * The decoder of a tokenizer.json, null where it has none. @huggingface/tokenizers 0.2.0 gives other texts than the Rust library for bytes,
 * replacements and Metaspace (docs/tokenizers.md), and does not export the types of its other decoders. Throws InputError for a kind that no language
 * model has (CTC), and where it is damaged.
 */
export function createDecoder(path: string, config: unknown, within = 'decoder'): Decoder | null {
  if (config === null) return null
  const fields = <Kind extends keyof typeof kinds>(kind: Kind) =>
    checked(path, kinds[kind] as v.GenericSchema, config, within) as Fields<Kind>
  const { type } = checked(path, ofKind, config, within)
  switch (type) {
    case 'Sequence': {
      const decoders = fields('Sequence').decoders.map((part, at) =>
        createDecoder(path, part, `${within}.decoders[${at}]`),
      )
      return (tokens) => decoders.reduce((parts, decode) => decode?.(parts) ?? parts, tokens)
    }
    case 'ByteLevel':
      return (tokens) => [lossy.decode(Uint8Array.from(tokens.flatMap(byteLevelBytes)))]
    case 'ByteFallback':
      return byteFallback
    case 'Replace': {
      const { pattern, content } = fields('Replace')
      const found = 'String' in pattern ? pattern.String : new RegExp(pattern.Regex, 'gu')
      return (tokens) => tokens.map((token) => token.replaceAll(found, () => content))
    }
    case 'Metaspace':
      return metaspace(fields('Metaspace'))
    case 'WordPiece':
      return wordPiece(fields('WordPiece'))
    case 'BPEDecoder': {
      const { suffix } = fields('BPEDecoder')
      return (tokens) => tokens.map((token, at) => token.replaceAll(suffix, at === tokens.length - 1 ? '' : ' '))
    }
    case 'Fuse':
      return (tokens) => [tokens.join('')]
    case 'Strip':
      return strip(fields('Strip'))
    default:
      throw new InputError(`${path}: ${within}.type is ${shown(type)}, which is not supported`)
  }
}

/** U+FFFD for what is no UTF-8, one for each longest beginning of a character, as String::from_utf8_lossy; a BOM stays. */
const lossy = new TextDecoder('utf-8', { ignoreBOM: true })
const strict = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true })
const encoder = new TextEncoder()

/** GPT-2's letters for bytes: printable ones stand for themselves, the others for the letters from U+0100. */
const byteOfLetter = new Map<string, number>()
for (let byte = 0, next = 0x100; byte < 0x100; byte++) {
  const printable = (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte < 0x100 && byte !== 0xad)
  byteOfLetter.set(String.fromCharCode(printable ? byte : next++), byte)
}

/** A token with a letter that stands for no byte (added tokens) is text as a whole. */
function byteLevelBytes(token: string): readonly number[] {
  const bytes: number[] = []
  for (const letter of token) {
    const byte = byteOfLetter.get(letter)
    if (byte === undefined) return [...encoder.encode(token)]
    bytes.push(byte)
  }
  return bytes
}

// as u8::from_str_radix reads two letters
const byteToken = /^<0x([0-9A-Fa-f]{2}|\+[0-9A-Fa-f])>$/

/** The byte that a token stands for under byte fallback (<0x41>), or null. */
export function fallbackByte(token: string): number | null {
  const digits = byteToken.exec(token)?.[1]
  return digits === undefined ? null : Number.parseInt(digits, 16)
}

/** Bytes in a row are one text where they are UTF-8, else one U+FFFD for each of them. */
function byteFallback(tokens: readonly string[]): readonly string[] {
  const parts: string[] = []
  let bytes: number[] = []
  const flush = () => {
    if (bytes.length > 0) parts.push(textOfBytes(bytes))
    bytes = []
  }
  for (const token of tokens) {
    const byte = fallbackByte(token)
    if (byte !== null) bytes.push(byte)
    else {
      flush()
      parts.push(token)
    }
  }
  flush()
  return parts
}

function textOfBytes(bytes: readonly number[]): string {
  try {
    return strict.decode(Uint8Array.from(bytes))
  } catch {
    return '\ufffd'.repeat(bytes.length)
  }
}

/** Replacements become blanks; those of the first token nothing, unless words never begin with one. */
function metaspace({ replacement, prepend_scheme: scheme }: Fields<'Metaspace'>): Decoder {
  return (tokens) =>
    tokens.map((token, at) => token.replaceAll(replacement, () => (at === 0 && scheme !== 'never' ? '' : ' ')))
}

/** Up to `start` and `stop` letters `content` go from the ends. */
function strip({ content, start, stop }: Fields<'Strip'>): Decoder {
  const run = (letters: readonly string[], most: number) => {
    let length = 0
    while (length < most && letters[length] === content) length++
    return length
  }
  return (tokens) =>
    tokens.map((token) => {
      const letters = [...token]
      const [from, cut] = [run(letters, start), run([...letters].reverse(), stop)]
      return letters.slice(from, letters.length - cut).join('')
    })
}

function wordPiece({ prefix, cleanup }: Fields<'WordPiece'>): Decoder {
  return (tokens) =>
    tokens.map((token, at) => {
      const begins = token.startsWith(prefix)
      const text = at === 0 ? token : begins ? token.slice(prefix.length) : ` ${token}`
      return cleanup ? cleanUp(text.replaceAll(' do not', " don't")) : text
    })
}

/** transformers' clean_up_tokenization: blanks before punctuation go away. */
export function cleanUp(text: string): string {
  return cleanUps.reduce((cleaned, [from, to]) => cleaned.replaceAll(from, to), text)
}

const cleanUps = [
  [' .', '.'],
  [' ?', '?'],
  [' !', '!'],
  [' ,', ','],
  [" ' ", "'"],
  [" n't", "n't"],
  [" 'm", "'m"],
  [" 's", "'s"],
  [" 've", "'ve"],
  [" 're", "'re"],
] as const
