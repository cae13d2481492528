import { isPrintable } from '@saeval/hub/checks'
import type { PickleValue, PickleWorld } from './pickle.js'
import { PickleError } from './pickle-reader.js'

/** torch's storage classes -> the names of their element types in safetensors, with sizes. */
const storageTypes: Readonly<Record<string, readonly [dtype: string, bytes: number]>> = {
  DoubleStorage: ['F64', 8],
  FloatStorage: ['F32', 4],
  HalfStorage: ['F16', 2],
  BFloat16Storage: ['BF16', 2],
  LongStorage: ['I64', 8],
  IntStorage: ['I32', 4],
  ShortStorage: ['I16', 2],
  CharStorage: ['I8', 1],
  ByteStorage: ['U8', 1],
  BoolStorage: ['BOOL', 1],
}

/** Numbers that one or more tensors look at. */
export class TorchStorage {
  constructor(
    /** Name of the file that holds them: "0" is data/0. */
    readonly key: string,
    readonly dtype: string,
    readonly elementBytes: number,
    readonly elements: number,
  ) {}
}

/** A view of a storage. */
export class TorchTensor {
  constructor(
    readonly storage: TorchStorage,
    /** In elements. */
    readonly offset: number,
    readonly shape: readonly number[],
    readonly strides: readonly number[],
  ) {}
}

class StorageType {
  constructor(readonly name: string) {}
}

class Callable {
  constructor(readonly call: (args: readonly PickleValue[]) => PickleValue) {}
}

const mostAxes = 8

const callables: Readonly<Record<string, Callable>> = {
  'collections.OrderedDict': new Callable((args) => {
    if (args.length > 0) throw new PickleError('makes a dictionary out of another value')
    return new Map()
  }),
  'torch._utils._rebuild_tensor_v2': new Callable(rebuildTensor),
  'torch._utils._rebuild_tensor': new Callable(rebuildTensor),
  'torch._utils._rebuild_parameter': new Callable(([tensor]) => {
    if (!(tensor instanceof TorchTensor)) throw new PickleError('has a parameter that is no tensor')
    return tensor
  }),
}

/** Tensors and plain data. Every other name is refused: what a pickle calls would run on this computer. */
export const torchWorld: PickleWorld = {
  find: (name) => {
    if (Object.hasOwn(callables, name)) return callables[name]!
    const storage = name.startsWith('torch.') ? name.slice('torch.'.length) : ''
    if (Object.hasOwn(storageTypes, storage)) return new StorageType(storage)
    const called = isPrintable(name) ? name : 'something without a readable name'
    throw new PickleError(`asks to run ${called}, which is neither a tensor nor plain data, and is refused`)
  },
  call: (callee, args) => {
    if (!(callee instanceof Callable) || !Array.isArray(args))
      throw new PickleError('calls something that is no function')
    return callee.call(args)
  },
  persistent: (id) => {
    const [what, type, key, , elements, view] = Array.isArray(id) ? id : []
    if (
      what !== 'storage' ||
      !(type instanceof StorageType) ||
      typeof key !== 'string' ||
      !isPrintable(key) ||
      !isCount(elements)
    )
      throw new PickleError('refers to something that is no tensor storage')
    if (view !== undefined && view !== null) throw new PickleError('has a storage that is a view of another one')
    const [dtype, bytes] = storageTypes[type.name]!
    return new TorchStorage(key, dtype, bytes, elements)
  },
}

function rebuildTensor([storage, offset, shape, strides]: readonly PickleValue[]): TorchTensor {
  if (!(storage instanceof TorchStorage) || !isCount(offset) || !isCounts(shape) || !isCounts(strides))
    throw new PickleError('has a tensor that is none')
  if (shape.length !== strides.length) throw new PickleError('has a tensor whose shape and strides differ in length')
  const empty = shape.includes(0)
  const end = shape.reduce((last, length, axis) => last + (length - 1) * strides[axis]!, offset + 1)
  if (!empty && !(end <= storage.elements))
    throw new PickleError(`has a tensor that reaches to element ${end} of a storage of ${storage.elements}`)
  return new TorchTensor(storage, offset, [...shape], [...strides])
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.length <= mostAxes && value.every(isCount)
}
