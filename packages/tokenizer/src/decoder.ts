/** From tokens to the parts of a text, as a decoder of the library `tokenizers` (Rust) does it. */
export type Decoder = (tokens: readonly string[]) => readonly string[]

/** A decoder as tokenizer.json has it. */
interface DecoderConfig {
  readonly type: string
  readonly [field: string]: unknown
}

/**
 * The decoder of a tokenizer.json, null where it has none. @huggingface/tokenizers 0.2.0 gives other texts than the Rust library for bytes,
 * replacements and Metaspace (docs/tokenizers.md), and does not export the types of its other decoders. Throws Error for a kind that no language
 * model has (CTC).
 */
export function createDecoder(config: DecoderConfig | null): Decoder | null {
  if (config === null) return null
  switch (config.type) {
    case 'Sequence': {
      const decoders = ((config.decoders ?? []) as DecoderConfig[]).map((part) => createDecoder(part)!)
      return (tokens) => decoders.reduce((parts, decode) => decode(parts), tokens)
    }
    case 'ByteLevel':
      return (tokens) => [lossy.decode(Uint8Array.from(tokens.flatMap(byteLevelBytes)))]
    case 'ByteFallback':
      return byteFallback
    case 'Replace': {
      const { String: text, Regex: regex } = config.pattern as { String?: string; Regex?: string }
      const pattern = text ?? new RegExp(regex!, 'gu')
      return (tokens) => tokens.map((token) => token.replaceAll(pattern, () => config.content as string))
    }
    case 'Metaspace':
      return metaspace(config)
    case 'WordPiece':
      return wordPiece(config)
    case 'BPEDecoder':
      return (tokens) =>
        tokens.map((token, index) => token.replaceAll(config.suffix as string, index === tokens.length - 1 ? '' : ' '))
    case 'Fuse':
      return (tokens) => [tokens.join('')]
    case 'Strip':
      return strip(config)
    default:
      throw new Error(`its decoder ${config.type} is not supported`)
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
function metaspace({ replacement = '▁', prepend_scheme: scheme = 'always' }: DecoderConfig): Decoder {
  return (tokens) =>
    tokens.map((token, index) =>
      token.replaceAll(replacement as string, () => (index === 0 && scheme !== 'never' ? '' : ' ')),
    )
}

/** Up to `start` and `stop` letters `content` go from the ends. */
function strip({ content, start, stop }: DecoderConfig): Decoder {
  const run = (letters: readonly string[], most: number) => {
    let length = 0
    while (length < most && letters[length] === content) length++
    return length
  }
  return (tokens) =>
    tokens.map((token) => {
      const letters = [...token]
      const [from, cut] = [run(letters, start as number), run([...letters].reverse(), stop as number)]
      return letters.slice(from, letters.length - cut).join('')
    })
}

function wordPiece({ prefix, cleanup }: DecoderConfig): Decoder {
  return (tokens) =>
    tokens.map((token, index) => {
      const begins = token.startsWith(prefix as string)
      const text = index === 0 ? token : begins ? token.slice((prefix as string).length) : ` ${token}`
      return cleanup === true ? cleanUp(text.replaceAll(' do not', " don't")) : text
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
