import { openLocalFile } from '@saeval/hub'
import { decodeFloats } from '@saeval/hub/internal/decode-floats'
import { join } from '@saeval/hub/internal/disk'
import { type StoredTensor, tensorRows } from './checkpoint.js'

/** Reads rows [start, end) of a stored tensor as float32; a vector is one number a row. */
export type ReadRows = (tensor: StoredTensor, start: number, end: number) => Promise<Float32Array>

/** A reader of the tensors of one folder, which keeps its files open; `close` it. */
export function openTensors(folder: string): { readonly read: ReadRows; close(): Promise<void> } {
  const files = new Map<string, ReturnType<typeof openLocalFile>>()
  return {
    read: async (tensor, start, end) => {
      const file = files.get(tensor.location) ?? openLocalFile(join(folder, tensor.location))
      files.set(tensor.location, file)
      const { type, offset, byteLength } = tensorRows(tensor, tensor.shape[0]!, start, end)
      const dtype = ({ float32: 'F32', float16: 'F16', bfloat16: 'BF16' } as const)[type as 'float32']
      if (dtype === undefined) throw new Error(`${tensor.name} is stored as ${type}`)
      return decodeFloats(await (await file).read(offset, byteLength), dtype)
    },
    close: async () => {
      for (const file of files.values()) await (await file).close()
    },
  }
}
