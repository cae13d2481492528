import { type ByteSource, InputError } from '@saeval/hub'
import { rowMajor, type TensorPlace } from '../tensors/tensor-place.js'
import { readArrayHeader } from './array-header.js'

/** Opens an .npy file, which holds one array; reads its header only. Throws InputError for a damaged file. */
export async function openNpy(source: ByteSource): Promise<TensorPlace> {
  const { byteLength, name } = source
  const damaged = (what: string) => new InputError(`${name} ${what}`)
  const start = (count: number) => source.read(0, Math.min(count, byteLength))
  const { dtype, shape, dataOffset } = await readArrayHeader(start, byteLength, damaged)
  return {
    name,
    dtype,
    shape,
    strides: rowMajor(shape),
    bytes: async () => ({ kind: 'direct', source, offset: dataOffset }),
  }
}
