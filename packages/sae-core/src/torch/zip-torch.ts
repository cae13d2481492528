import { type ByteSource, InputError } from '@saeval/hub'
import type { TensorPlace } from '../tensors/tensor-place.js'
import { memberBytes, memberStart } from '../zip/member-bytes.js'
import { readZipDirectory } from '../zip/zip-directory.js'
import { type PickleValue, readPickle } from './pickle.js'
import { type TorchTensor, torchWorld } from './torch-world.js'

/** A value that torch.save wrote, and how its tensors are read. */
export interface TorchContent {
  readonly value: PickleValue
  /** `name` is for messages: "tensor W_dec". */
  place(tensor: TorchTensor, name: string): TensorPlace
}

/** Structure without numbers: a state dict's is a few kilobytes. Each byte of a hostile one can make an object of a few hundred. */
export const longestPickle = 2 ** 18

/** Whether the file starts as a zip archive does. */
export async function isZip(source: ByteSource): Promise<boolean> {
  if (source.byteLength < 4) throw new InputError(`${source.name} has ${source.byteLength} bytes; download it again`)
  return new TextDecoder('latin1').decode(await source.read(0, 4)) === 'PK\x03\x04'
}

/** The container since torch 1.6: archive/data.pkl, and archive/data/<key> for each storage. */
export async function readZipTorch(source: ByteSource): Promise<TorchContent> {
  const members = new Map((await readZipDirectory(source)).map((member) => [member.name, member]))
  const pickleName = [...members.keys()].find((name) => /^[^/]+\/data\.pkl$/.test(name))
  if (pickleName === undefined)
    throw new InputError(`${source.name} is a zip archive without data.pkl, so torch did not write it`)
  const folder = pickleName.slice(0, -'data.pkl'.length)
  const order = members.get(`${folder}byteorder`)
  if (order && new TextDecoder().decode(await memberStart(source, order, 16)).trim() !== 'little')
    throw new InputError(`${source.name} was written on a big-endian computer, whose numbers cannot be read`)

  const pickle = members.get(pickleName)!
  if (pickle.length > longestPickle) throw new InputError(`${source.name} holds a pickle of ${pickle.length} bytes`)
  const { value } = readPickle(await memberStart(source, pickle, pickle.length), 0, torchWorld)
  return {
    value,
    place: ({ storage, offset, shape, strides }, name) => {
      const member = members.get(`${folder}data/${storage.key}`)
      const needed = storage.elements * storage.elementBytes
      if (!member || member.length < needed)
        throw new InputError(
          `${name} of ${source.name} needs ${needed} bytes of storage ${storage.key}, which ${member ? `has ${member.length}` : 'is not there'}; download it again`,
        )
      return {
        name: `${name} of ${source.name}`,
        dtype: storage.dtype,
        shape,
        strides,
        bytes: () => memberBytes(source, member, offset * storage.elementBytes),
      }
    },
  }
}
