import { type ByteSource, InputError, openLocalFile, readSafetensorsIndex, type TensorEntry } from '@saeval/hub'
import { dirname, realPath, relative, sep } from '@saeval/hub/internal/disk'
import type { ElementType } from '../onnx/encode-model.js'

/** A tensor of a checkpoint as onnxruntime reads it by itself: a place in a file below `folder`. */
export interface StoredTensor {
  readonly name: string
  readonly type: ElementType
  readonly shape: readonly number[]
  /** File path relative to the checkpoint's folder, with forward slashes. */
  readonly location: string
  readonly offset: number
  readonly byteLength: number
}

export interface Checkpoint {
  /** A real folder (no symbolic link) above every weights file: onnxruntime refuses files outside it. */
  readonly folder: string
  readonly tensors: ReadonlyMap<string, StoredTensor>
}

const types: Readonly<Record<string, ElementType>> = { F32: 'float32', F16: 'float16', BF16: 'bfloat16', U8: 'uint8' }

/** Reads the headers of one or several safetensors files; no weights. Throws InputError for damaged files. */
export async function openCheckpoint(files: readonly string[]): Promise<Checkpoint> {
  const paths = await Promise.all(files.map((file) => realPath(file)))
  const folder = paths.map((path) => dirname(path)).reduce(commonFolder)
  return {
    folder,
    tensors: await readHeaders(
      await Promise.all(paths.map(openLocalFile)),
      paths.map((path) => relative(folder, path).split(sep).join('/')),
    ),
  }
}

/** The same of files that are not on this machine: what shapes there are can be told, nothing can be computed. */
export async function openRemoteCheckpoint(sources: readonly ByteSource[]): Promise<Checkpoint> {
  return {
    folder: '',
    tensors: await readHeaders(
      sources,
      sources.map(({ name }) => name),
    ),
  }
}

/** Reads the headers of files, and closes them. */
async function readHeaders(
  sources: readonly ByteSource[],
  locations: readonly string[],
): Promise<ReadonlyMap<string, StoredTensor>> {
  const tensors = new Map<string, StoredTensor>()
  try {
    for (const [place, source] of sources.entries()) {
      const index = await readSafetensorsIndex(source)
      for (const entry of index.tensors.values()) {
        if (tensors.has(entry.name))
          throw new InputError(`${source.name} holds tensor ${entry.name}, which another file of the model holds too`)
        const stored = storedTensor(entry, locations[place]!)
        if (stored) tensors.set(entry.name, stored)
      }
    }
    return tensors
  } finally {
    await Promise.all(sources.map((source) => source.close()))
  }
}

/** null for tensors that hold no weights (buffers of integers and booleans); bytes can be packed weights. */
function storedTensor({ name, dtype, shape, offset, byteLength }: TensorEntry, location: string): StoredTensor | null {
  const type = types[dtype]
  if (type) return { name, type, shape, location, offset, byteLength }
  if (/^(I|U)\d+$|^BOOL$/.test(dtype)) return null
  throw new InputError(`tensor ${name} of ${location} is stored as ${dtype}; F32, F16 and BF16 weights are supported`)
}

/** The nearest folder above two folders. */
export function commonFolder(a: string, b: string): string {
  let folder = a
  while (relative(folder, b).startsWith('..')) folder = dirname(folder)
  return folder
}

/** Rows [start, end) of a tensor that holds `count` of them one after the other, as a tensor of its own; all of them are the tensor itself. */
export function tensorRows(tensor: StoredTensor, count: number, start: number, end: number): StoredTensor {
  if (start === 0 && end === count) return tensor
  const [first, ...shape] = tensor.shape as [number, ...number[]]
  const bytes = tensor.byteLength / count
  return {
    ...tensor,
    name: `${tensor.name}[${start}:${end}]`,
    shape: [(first / count) * (end - start), ...shape],
    offset: tensor.offset + start * bytes,
    byteLength: (end - start) * bytes,
  }
}
