import { type ByteSource, InputError, openLocalFile } from '@saeval/hub'
import { isPrintable } from '@saeval/hub/checks'
import { readAll } from '../tensors/read-tensor.js'
import type { TensorFile, TensorPlace } from '../tensors/tensor-place.js'
import { readLegacyTorch } from './legacy-torch.js'
import type { PickleValue } from './pickle.js'
import { PickleError } from './pickle-reader.js'
import { TorchTensor } from './torch-world.js'
import { isZip, readZipTorch, type TorchContent } from './zip-torch.js'

/**
 * What torch.save wrote, in either of its containers (zip since 1.6, and the one before): tensors and plain data, read without running
 * anything. Throws InputError for damaged files and for pickles that name anything else.
 */
export async function readTorchFile(source: ByteSource): Promise<TorchContent> {
  try {
    return await ((await isZip(source)) ? readZipTorch(source) : readLegacyTorch(source))
  } catch (cause) {
    if (cause instanceof PickleError) throw new InputError(`${source.name} ${cause.message}`, { cause })
    throw cause
  }
}

/** The tensors of a state dict: a dictionary from names to tensors; other values in it are left out. */
export async function openTorchStateDict(source: ByteSource): Promise<TensorFile> {
  const { value, place } = await readTorchFile(source)
  if (!(value instanceof Map)) throw new InputError(`${source.name} does not hold a dictionary of tensors`)
  const tensors = new Map<string, TensorPlace>()
  for (const [name, tensor] of value as Map<PickleValue, PickleValue>) {
    if (typeof name !== 'string' || !(tensor instanceof TorchTensor)) continue
    if (!isPrintable(name)) throw new InputError(`${source.name} has a tensor whose name cannot be read`)
    tensors.set(name, place(tensor, `tensor ${name}`))
  }
  return { name: source.name, tensors }
}

/** A file on disk that torch.save wrote. */
export interface LoadedTorchFile {
  /** Dictionaries are Maps, lists and tuples arrays, tensors `TorchTensor`s. It may hold itself. */
  readonly value: PickleValue
  /** The tensor's numbers as float32, row-major, read once; `name` is for messages. Throws InputError where all together are more than the file has bytes. */
  numbers(tensor: TorchTensor, name: string): Promise<Float32Array>
  close(): Promise<void>
}

/** Opens a .pt or .pth file; throws InputError as `readTorchFile` does. */
export async function openTorchFile(path: string): Promise<LoadedTorchFile> {
  const source = await openLocalFile(path)
  try {
    const { value, place } = await readTorchFile(source)
    const numbers = numbersOnce(source, (tensor, name) => readAll(place(tensor, name)))
    return { value, numbers, close: () => source.close() }
  } catch (error) {
    await source.close()
    throw error
  }
}

/** Keeps views of the same numbers, and storages that unfold from a few bytes, from taking more memory than the file. */
function numbersOnce(
  { name: path, byteLength }: ByteSource,
  read: LoadedTorchFile['numbers'],
): LoadedTorchFile['numbers'] {
  const known = new Map<TorchTensor, Float32Array>()
  let total = 0
  return async (tensor, name) => {
    const found = known.get(tensor)
    if (found !== undefined) return found
    total += tensor.shape.reduce((product, size) => product * size, 1)
    if (total > byteLength) throw new InputError(`${path} has tensors of more numbers than the file holds`)
    const numbers = await read(tensor, name)
    known.set(tensor, numbers)
    return numbers
  }
}
