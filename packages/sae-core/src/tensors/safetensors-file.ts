import { type ByteSource, readSafetensorsIndex } from '@saeval/hub'
import { rowMajor, type TensorFile, type TensorPlace } from './tensor-place.js'

/** A safetensors file; reads its header only. */
export async function openSafetensors(source: ByteSource): Promise<TensorFile> {
  const index = await readSafetensorsIndex(source)
  const tensors = new Map<string, TensorPlace>()
  for (const { name, dtype, shape, offset } of index.tensors.values()) {
    tensors.set(name, {
      name: `tensor ${name} of ${source.name}`,
      dtype,
      shape,
      strides: rowMajor(shape),
      bytes: async () => ({ kind: 'direct', source, offset }),
    })
  }
  return { name: source.name, tensors }
}
