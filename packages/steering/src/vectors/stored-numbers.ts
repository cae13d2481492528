import type { InputError } from '@saeval/hub'
import { decodeFloats, type FloatDtype, floatBytes } from '@saeval/hub/internal/decode-floats'
import { Decompress } from 'fzstd'
import type { Numbers } from './one-vector.js'

/** A tensor in a JSON file: numbers in base64, of numpy's type `dtype`, compressed by zstd if need be. */
export interface StoredNumbers {
  readonly data: string
  readonly shape: readonly number[]
  readonly dtype: FloatDtype
  readonly compressed: boolean
}

/** A few compressed bytes can unfold into any number of them; a file of vectors has no more either. */
const mostBytes = 5e8

/** The numbers of a tensor in a JSON file, finite or not. Throws what `wrong` makes of a reason where they are damaged. */
export function decodeNumbers(
  name: string,
  { data, shape, dtype, compressed }: StoredNumbers,
  wrong: (message: string) => InputError,
): Numbers {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(data)) throw wrong(`${name} is not base64`)
  if (shape.includes(0)) throw wrong(`${name} has shape [${shape}], which holds no numbers`)
  const stored = new Uint8Array(Buffer.from(data, 'base64'))
  const size = shape.reduce((product, count) => product * count, floatBytes[dtype])
  if (size > mostBytes)
    throw wrong(
      `${name} has shape [${shape}], ${(size / 1e6).toFixed(0)} MB of numbers, and at most ${mostBytes / 1e6} MB are read`,
    )
  const bytes = compressed ? inflated(name, stored, size, wrong) : stored
  if (bytes.length !== size) throw wrong(`${name} has ${bytes.length} bytes for the shape [${shape}], expected ${size}`)
  return { shape, values: decodeFloats(bytes, dtype) }
}

/** At most `size` bytes of what was compressed: a small file can unfold into any number. */
function inflated(name: string, stored: Uint8Array, size: number, wrong: (message: string) => InputError): Uint8Array {
  const chunks: Uint8Array[] = []
  let length = 0
  const tooLong = new Error('too long')
  const stream = new Decompress((chunk) => {
    chunks.push(chunk.slice())
    length += chunk.length
    if (length > size) throw tooLong
  })
  try {
    stream.push(stored, true)
  } catch (cause) {
    throw wrong(cause === tooLong ? `${name} is longer than its shape` : `${name} is no whole zstd data`)
  }
  return new Uint8Array(Buffer.concat(chunks))
}
