import { InputError } from '@saeval/hub'

/** Python's names of encodings, without marks, and what they are called here. */
const encodings = new Map(
  Object.entries({
    utf8: 'utf-8',
    utf8sig: 'utf-8',
    u8: 'utf-8',
    ascii: 'ascii',
    usascii: 'ascii',
    latin1: 'latin1',
    iso88591: 'latin1',
    l1: 'latin1',
    cp1252: 'windows-1252',
    windows1252: 'windows-1252',
    utf16: 'utf-16',
    utf16le: 'utf-16le',
    utf16be: 'utf-16be',
  }),
)

/**
 * A file's text. A byte order mark stays, except in UTF-16. Throws InputError for bytes that are not in this encoding, as Python's strict
 * decoding does, and for encodings that are not known.
 */
export function decodeText(bytes: Uint8Array, encoding: string, name: string): string {
  const known = encodings.get(encoding.toLowerCase().replace(/[-_ ]/g, ''))
  if (known === undefined)
    throw new InputError(
      `${name}: the encoding ${encoding} is not supported (utf-8, latin-1, ascii, cp1252 and utf-16 are)`,
    )
  if (known === 'latin1') return Buffer.from(bytes).toString('latin1')
  const wrong =
    known === 'ascii'
      ? bytes.findIndex((byte) => byte > 127)
      : known === 'windows-1252'
        ? bytes.findIndex((byte) => [0x81, 0x8d, 0x8f, 0x90, 0x9d].includes(byte))
        : -1
  try {
    if (wrong >= 0) throw new RangeError('a byte without a character')
    const decoder = new TextDecoder(known === 'utf-16' ? utf16(bytes) : known === 'ascii' ? 'utf-8' : known, {
      fatal: true,
      ignoreBOM: known !== 'utf-16',
    })
    return decoder.decode(bytes)
  } catch (cause) {
    throw new InputError(
      `${name} is not ${known.toUpperCase()}; convert it, or name its encoding in dataset_kwargs.encoding where it is CSV`,
      { cause },
    )
  }
}

function utf16(bytes: Uint8Array): string {
  return bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : 'utf-16le'
}
