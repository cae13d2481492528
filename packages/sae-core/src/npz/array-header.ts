import type { InputError } from '@saeval/hub'
import { elementCount } from '../tensors/tensor-place.js'

/** What stands before the numbers of an array in numpy's format. */
export interface ArrayHeader {
  readonly dtype: 'F16' | 'F32' | 'F64'
  readonly shape: readonly number[]
  /** Where the numbers begin. */
  readonly dataOffset: number
}

// magic, version and a header dictionary; numpy's own headers are below 300 bytes
const usualHeader = 512
const longestHeader = 2 ** 16
const mostAxes = 8
const dtypes: Readonly<Record<string, 'F16' | 'F32' | 'F64'>> = { '<f2': 'F16', '<f4': 'F32', '<f8': 'F64' }

/**
 * Reads the header of an array of `length` bytes in numpy's format (NEP 1). `start` gives its first bytes, as many as there are. Throws what
 * `damaged` makes of a reason for one that is damaged or of another kind.
 */
export async function readArrayHeader(
  start: (count: number) => Promise<Uint8Array>,
  length: number,
  damaged: (what: string) => InputError,
): Promise<ArrayHeader> {
  let bytes = await start(usualHeader)
  if (bytes.length < 12 || String.fromCharCode(...bytes.subarray(1, 6)) !== 'NUMPY' || bytes[0] !== 0x93)
    throw damaged('is not in numpy format')
  const version = bytes[6]!
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const [prefix, headerLength] = version === 1 ? [10, view.getUint16(8, true)] : [12, view.getUint32(8, true)]
  const dataOffset = prefix + headerLength
  if (version < 1 || version > 3 || headerLength > longestHeader || dataOffset > length)
    throw damaged('has a damaged header')
  if (dataOffset > bytes.length) bytes = await start(dataOffset)

  const header = new TextDecoder('latin1').decode(bytes.subarray(prefix, dataOffset))
  const descr = /'descr':\s*'([^']*)'/.exec(header)?.[1] ?? ''
  const fortran = /'fortran_order':\s*(True|False)/.exec(header)?.[1]
  const shapeText = /'shape':\s*\(([\d, ]*)\)/.exec(header)?.[1]
  const dtype = Object.hasOwn(dtypes, descr) ? dtypes[descr]! : null
  if (dtype === null) throw damaged(`has the type "${descr}"; float16, float32 and float64 (little-endian) can be read`)
  if (fortran !== 'False') throw damaged('is stored in Fortran order; save it by numpy.ascontiguousarray')
  const shape = (shapeText ?? '')
    .split(',')
    .filter((part) => part.trim() !== '')
    .map(Number)
  if (shapeText === undefined || shape.length > mostAxes || !shape.every(Number.isSafeInteger))
    throw damaged('has a damaged shape')
  const size = elementCount(shape) * Number(descr.slice(2))
  if (dataOffset + size !== length)
    throw damaged(`has ${length - dataOffset} bytes for the shape [${shape}], expected ${size}`)
  return { dtype, shape, dataOffset }
}
