import { type ByteSource, InputError } from '@saeval/hub'
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
    if (typeof name === 'string' && tensor instanceof TorchTensor) tensors.set(name, place(tensor, `tensor ${name}`))
  }
  return { name: source.name, tensors }
}
