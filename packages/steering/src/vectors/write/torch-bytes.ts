import { zipSync } from 'fflate'
import { floatBytes } from './vector-writer.js'

/** A value that torch.save can write and torch.load(weights_only=True) reads. Whole numbers are `{ int }`, plain numbers floats. */
export type TorchValue =
  | string
  | number
  | null
  | { readonly int: number }
  | { readonly shape: readonly number[]; readonly values: Float32Array }
  | ReadonlyMap<string, TorchValue>

/** Date that stands in archives: they are the same for the same values. */
const noDate = new Date(1980, 0, 1)

/**
 * What torch.save writes for a value, in its container since 1.6: an archive, nothing in it compressed, with a pickle of protocol 2 (data.pkl) and the
 * float32 numbers of each tensor (data/N).
 */
export function torchBytes(value: TorchValue): Uint8Array {
  const storages: Float32Array[] = []
  const pickle = Buffer.concat([Buffer.from([0x80, 2]), ...pickled(value, storages), Buffer.from('.')])
  const files: Record<string, Uint8Array> = {
    'archive/data.pkl': pickle,
    'archive/byteorder': Buffer.from('little'),
    ...Object.fromEntries(storages.map((values, at) => [`archive/data/${at}`, floatBytes(values)])),
    'archive/version': Buffer.from('3\n'),
  }
  return zipSync(files, { level: 0, mtime: noDate })
}

/** The operations that leave a value on the stack; the numbers of tensors go to `storages`. */
function pickled(value: TorchValue, storages: Float32Array[]): Uint8Array[] {
  if (value === null) return [operation('N')]
  if (typeof value === 'string') return [text(value)]
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(9, 'G')
    bytes.writeDoubleBE(value, 1)
    return [bytes]
  }
  if ('int' in value) return [whole(value.int)]
  if ('shape' in value) return tensor(value, storages.push(value.values) - 1)
  const items = [...value].flatMap(([key, item]) => [text(key), ...pickled(item, storages)])
  return [operation('}('), ...items, operation('u')]
}

/** torch._utils._rebuild_tensor_v2(storage, 0, shape, strides, False, OrderedDict()) */
function tensor({ shape, values }: Extract<TorchValue, { readonly values: Float32Array }>, key: number): Uint8Array[] {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1))
  const tuple = (numbers: readonly number[]) => [operation('('), ...numbers.map(whole), operation('t')]
  return [
    operation('ctorch._utils\n_rebuild_tensor_v2\n(('),
    text('storage'),
    operation('ctorch\nFloatStorage\n'),
    text(String(key)),
    text('cpu'),
    whole(values.length),
    operation('tQ'),
    whole(0),
    ...tuple(shape),
    ...tuple(strides),
    operation('\x89ccollections\nOrderedDict\n)RtR'),
  ]
}

function operation(characters: string): Uint8Array {
  return Buffer.from(characters, 'latin1')
}

function text(value: string): Uint8Array {
  const bytes = Buffer.from(value)
  const size = Buffer.alloc(5, 'X')
  size.writeUInt32LE(bytes.length, 1)
  return Buffer.concat([size, bytes])
}

function whole(value: number): Uint8Array {
  const bytes = Buffer.alloc(5, 'J')
  bytes.writeInt32LE(value, 1)
  return bytes
}
