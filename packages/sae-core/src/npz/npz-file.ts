import { type ByteSource, InputError } from '@saeval/hub'
import { rowMajor, type TensorFile, type TensorPlace } from '../tensors/tensor-place.js'
import { memberBytes, memberStart } from '../zip/member-bytes.js'
import { readZipDirectory, type ZipMember } from '../zip/zip-directory.js'
import { readArrayHeader } from './array-header.js'

const npySuffix = '.npy'

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
  const start = (count: number) => memberStart(source, member, count)
  const { dtype, shape, dataOffset } = await readArrayHeader(start, member.length, damaged)
  return {
    name: `array ${name} of ${source.name}`,
    dtype,
    shape,
    strides: rowMajor(shape),
    bytes: () => memberBytes(source, member, dataOffset),
  }
}
