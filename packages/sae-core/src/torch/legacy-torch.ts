import { type ByteSource, InputError } from '@saeval/hub'
import { type PickleValue, type PickleWorld, readPickle } from './pickle.js'
import { PickleError, PickleTruncated } from './pickle-reader.js'
import { type TorchStorage, torchWorld } from './torch-world.js'
import { longestPickle, type TorchContent } from './zip-torch.js'

// torch/serialization.py: MAGIC_NUMBER and PROTOCOL_VERSION
const magicNumber = 0x1950a86a20f9469cfc6cn
const protocolVersion = 1001
const usualPickles = 2 ** 16

/**
 * The container before torch 1.6: five pickles (magic number, version, system, the value, the storages' names) and then for each
 * storage its length and its numbers.
 */
export async function readLegacyTorch(source: ByteSource): Promise<TorchContent> {
  if ((await source.read(0, 1))[0] !== 0x80) throw new PickleError('is no file that torch wrote; download it again')
  const { value, keys, storages, end } = await readPickles(source)
  const offsets = new Map<string, number>()
  let at = end
  for (const key of keys) {
    const storage = storages.get(key)
    if (!storage || offsets.has(key)) throw new PickleError(`lists the storage ${key}, which no tensor uses`)
    const length = await source.read(at, 8)
    const elements = new DataView(length.buffer, length.byteOffset, 8).getBigUint64(0, true)
    if (elements !== BigInt(storage.elements))
      throw new PickleError(`has ${elements} numbers in storage ${key}, expected ${storage.elements}`)
    offsets.set(key, at + 8)
    at += 8 + storage.elements * storage.elementBytes
    if (at > source.byteLength)
      throw new InputError(
        `${source.name} ends at byte ${source.byteLength}, storage ${key} at ${at}; download it again`,
      )
  }
  return {
    value,
    place: ({ storage, offset, shape, strides }, name) => {
      const start = offsets.get(storage.key)
      if (start === undefined) throw new InputError(`${name} of ${source.name} has no numbers; download it again`)
      return {
        name: `${name} of ${source.name}`,
        dtype: storage.dtype,
        shape,
        strides,
        bytes: async () => ({ kind: 'direct', source, offset: start + offset * storage.elementBytes }),
      }
    },
  }
}

/** Reads as much of the file's beginning as its pickles take. */
async function readPickles(source: ByteSource) {
  for (let length = usualPickles; ; length *= 8) {
    const bytes = await source.read(0, Math.min(length, longestPickle, source.byteLength))
    try {
      return parsePickles(bytes)
    } catch (error) {
      if (!(error instanceof PickleTruncated) || bytes.length === source.byteLength) throw error
      if (bytes.length === longestPickle) throw new PickleError(`holds a pickle of more than ${longestPickle} bytes`)
    }
  }
}

function parsePickles(bytes: Uint8Array) {
  const storages = new Map<string, TorchStorage>()
  const world: PickleWorld = {
    ...torchWorld,
    persistent: (id) => {
      const storage = torchWorld.persistent(id) as TorchStorage
      const known = storages.get(storage.key)
      if (known && (known.elements !== storage.elements || known.dtype !== storage.dtype))
        throw new PickleError(`describes storage ${storage.key} in two ways`)
      storages.set(storage.key, known ?? storage)
      return known ?? storage
    },
  }
  let at = 0
  const next = (): PickleValue => {
    const { value, end } = readPickle(bytes, at, world)
    at = end
    return value
  }
  if (next() !== magicNumber) throw new PickleError('is no file that torch wrote')
  if (next() !== protocolVersion) throw new PickleError('is of an unknown version of torch’s container')
  const system = next()
  if (system instanceof Map && system.get('little_endian') === false)
    throw new PickleError('was written on a big-endian computer, whose numbers cannot be read')
  const value = next()
  const keys = next()
  if (!Array.isArray(keys) || !keys.every((key): key is string => typeof key === 'string'))
    throw new PickleError('does not name its storages')
  return { value, keys, storages, end: at }
}
