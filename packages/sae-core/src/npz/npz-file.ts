import { type ByteSource, InputError } from '@saeval/hub'
import type { TensorFile, TensorPlace } from '../loaders/tensor-file.js'
import { inflatedBytes } from './inflated-bytes.js'
import { readZipDirectory, type ZipMember } from './zip-directory.js'

const npySuffix = '.npy'
// magic, version and a header dictionary; numpy's own headers are below 300 bytes
const longestHeader = 2 ** 16
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
  const bytes = member.method === 0 ? storedBytes(source, member) : inflatedBytes(source, member)
  const start = await bytes.read(0, Math.min(12, member.length))
  if (start.length < 12 || String.fromCharCode(...start.subarray(1, 6)) !== 'NUMPY' || start[0] !== 0x93)
    throw damaged('is not in numpy format')
  const version = start[6]!
  const view = new DataView(start.buffer, start.byteOffset, start.byteLength)
  const [prefix, headerLength] = version === 1 ? [10, view.getUint16(8, true)] : [12, view.getUint32(8, true)]
  if (version < 1 || version > 3 || headerLength > longestHeader || prefix + headerLength > member.length)
    throw damaged('has a damaged header')
  const header = new TextDecoder('latin1').decode(await bytes.read(prefix, headerLength))
  const descr = /'descr':\s*'([^']*)'/.exec(header)?.[1] ?? ''
  const fortran = /'fortran_order':\s*(True|False)/.exec(header)?.[1]
  const shapeText = /'shape':\s*\(([^)]*)\)/.exec(header)?.[1]
  const dtype = dtypes[descr]
  if (!dtype) throw damaged(`has the type "${descr}"; float16, float32 and float64 (little-endian) can be read`)
  if (fortran !== 'False') throw damaged('is stored in Fortran order, which SAELens files never are')
  const shape = (shapeText ?? '')
    .split(',')
    .filter((part) => part.trim() !== '')
    .map(Number)
  if (shapeText === undefined || !shape.every((size) => Number.isSafeInteger(size) && size >= 0))
    throw damaged('has a damaged shape')
  const dataOffset = prefix + headerLength
  const size = shape.reduce((product, count) => product * count, Number(descr.slice(2)))
  if (dataOffset + size !== member.length)
    throw damaged(`has ${member.length - dataOffset} bytes for the shape [${shape}], expected ${size}`)
  return {
    dtype,
    shape,
    sequential: member.method !== 0,
    read: (offset, length) => bytes.read(dataOffset + offset, length),
    stream: () => bytes.stream(dataOffset),
  }
}

function storedBytes(source: ByteSource, member: ZipMember) {
  const piece = 2 ** 20
  return {
    read: (offset: number, length: number) => source.read(member.offset + offset, length),
    stream: async function* (from: number) {
      for (let at = from; at < member.length; at += piece)
        yield await source.read(member.offset + at, Math.min(piece, member.length - at))
    },
  }
}
