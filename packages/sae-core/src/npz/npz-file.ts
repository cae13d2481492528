import { type ByteSource, InputError } from '@saeval/hub'
import { elementCount, rowMajor, type TensorFile, type TensorPlace } from '../tensors/tensor-place.js'
import { memberBytes, memberStart } from '../zip/member-bytes.js'
import { readZipDirectory, type ZipMember } from '../zip/zip-directory.js'

const npySuffix = '.npy'
// magic, version and a header dictionary; numpy's own headers are below 300 bytes
const usualHeader = 512
const longestHeader = 2 ** 16
const mostAxes = 8
const dtypes: Readonly<Record<string, 'F16' | 'F32' | 'F64'>> = { '<f2': 'F16', '<f4': 'F32', '<f8': 'F64' }

/** Opens the arrays of an npz archive; reads directory and array headers only. Throws InputError for a damaged file. */
export async function openNpz(source: ByteSource): Promise<TensorFile> {
  const tensors = new Map<string, TensorPlace>()
  for (const member of await readZipDirectory(source)) {
    if (!member.name.endsWith(npySuffix))
      throw new InputError(`${source.name} has the member ${member.name}, which is not an array (.npy)`)
    const name = member.name.slice(0, -npySuffix.length)
    tensors.set(name, await openArray(source, member, name))
  }
  return { name: source.name, tensors }
}

async function openArray(source: ByteSource, member: ZipMember, name: string): Promise<TensorPlace> {
  const damaged = (what: string) => new InputError(`array ${name} of ${source.name} ${what}; download the file again`)
  let start = await memberStart(source, member, usualHeader)
  if (start.length < 12 || String.fromCharCode(...start.subarray(1, 6)) !== 'NUMPY' || start[0] !== 0x93)
    throw damaged('is not in numpy format')
  const version = start[6]!
  const view = new DataView(start.buffer, start.byteOffset, start.byteLength)
  const [prefix, headerLength] = version === 1 ? [10, view.getUint16(8, true)] : [12, view.getUint32(8, true)]
  const dataOffset = prefix + headerLength
  if (version < 1 || version > 3 || headerLength > longestHeader || dataOffset > member.length)
    throw damaged('has a damaged header')
  if (dataOffset > start.length) start = await memberStart(source, member, dataOffset)

  const header = new TextDecoder('latin1').decode(start.subarray(prefix, dataOffset))
  const descr = /'descr':\s*'([^']*)'/.exec(header)?.[1] ?? ''
  const fortran = /'fortran_order':\s*(True|False)/.exec(header)?.[1]
  const shapeText = /'shape':\s*\(([\d, ]*)\)/.exec(header)?.[1]
  const dtype = Object.hasOwn(dtypes, descr) ? dtypes[descr]! : null
  if (dtype === null) throw damaged(`has the type "${descr}"; float16, float32 and float64 (little-endian) can be read`)
  if (fortran !== 'False') throw damaged('is stored in Fortran order, which SAELens files never are')
  const shape = (shapeText ?? '')
    .split(',')
    .filter((part) => part.trim() !== '')
    .map(Number)
  if (shapeText === undefined || shape.length > mostAxes || !shape.every(Number.isSafeInteger))
    throw damaged('has a damaged shape')
  const size = elementCount(shape) * Number(descr.slice(2))
  if (dataOffset + size !== member.length)
    throw damaged(`has ${member.length - dataOffset} bytes for the shape [${shape}], expected ${size}`)
  return {
    name: `array ${name} of ${source.name}`,
    dtype,
    shape,
    strides: rowMajor(shape),
    bytes: () => memberBytes(source, member, dataOffset),
  }
}
