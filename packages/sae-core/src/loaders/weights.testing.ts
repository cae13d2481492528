import { type ByteSource, InputError } from '@saeval/hub'
import type { VirtualFile } from '../../../hub/src/fake-hub.testing.js'

/** An array for a made-up weights file: zeros, but for one row or the beginning. */
export interface MadeArray {
  readonly dtype: 'F32' | 'BF16' | 'F16' | 'I64'
  readonly shape: readonly number[]
  /** Bytes from this position of the array on. */
  readonly data?: { readonly at: number; readonly bytes: Buffer }
  /** torch only; row by row if left out. */
  readonly strides?: readonly number[]
}
export type MadeArrays = Readonly<Record<string, MadeArray>>

const elementBytes = { F32: 4, BF16: 2, F16: 2, I64: 8 } as const

export function byteLength({ dtype, shape }: MadeArray): number {
  return shape.reduce((product, size) => product * size, elementBytes[dtype])
}

/** Puts a file together from bytes and stretches of zeros, which take no memory. */
class FileBuilder {
  readonly #pieces: { readonly offset: number; readonly bytes: Buffer }[] = []
  length = 0

  append(bytes: Buffer): void {
    this.#pieces.push({ offset: this.length, bytes })
    this.length += bytes.length
  }

  array(array: MadeArray): void {
    if (array.data) this.#pieces.push({ offset: this.length + array.data.at, bytes: array.data.bytes })
    this.length += byteLength(array)
  }

  build(): VirtualFile {
    const pieces = [...this.#pieces]
    return {
      length: this.length,
      subarray: (start, end) => {
        const part = Buffer.alloc(end - start)
        for (const { offset, bytes } of pieces) {
          const from = Math.max(start, offset)
          const to = Math.min(end, offset + bytes.length)
          if (from < to) bytes.copy(part, from - start, from - offset, to - offset)
        }
        return part
      },
    }
  }
}

export function madeSafetensors(arrays: MadeArrays): VirtualFile {
  let end = 0
  const header = Object.fromEntries(
    Object.entries(arrays).map(([name, array]) => {
      const start = end
      end += byteLength(array)
      return [name, { dtype: array.dtype, shape: array.shape, data_offsets: [start, end] }]
    }),
  )
  const text = Buffer.from(JSON.stringify(header))
  const file = new FileBuilder()
  file.append(number(text.length, 8))
  file.append(text)
  for (const array of Object.values(arrays)) file.array(array)
  return file.build()
}

export function madeNpz(arrays: MadeArrays): VirtualFile {
  return madeZip(
    Object.entries(arrays).map(([name, array]) => {
      const shape = `(${array.shape.join(', ')}${array.shape.length === 1 ? ',' : ''})`
      const header = `{'descr': '<f${elementBytes[array.dtype]}', 'fortran_order': False, 'shape': ${shape}, }`
      const padded = Buffer.from(`${header.padEnd(64 * Math.ceil((header.length + 11) / 64) - 11)}\n`, 'latin1')
      return {
        name: `${name}.npy`,
        head: Buffer.concat([Buffer.from('\x93NUMPY\x01\x00', 'latin1'), number(padded.length, 2), padded]),
        array,
      }
    }),
  )
}

export function madeTorch(arrays: MadeArrays): VirtualFile {
  return madeZip([
    { name: 'archive/data.pkl', head: Buffer.from(statePickle(arrays), 'latin1') },
    { name: 'archive/byteorder', head: Buffer.from('little') },
    ...Object.values(arrays).map((array, index) => ({ name: `archive/data/${index}`, head: Buffer.alloc(0), array })),
  ])
}

const storageNames = { F32: 'FloatStorage', BF16: 'BFloat16Storage', F16: 'HalfStorage', I64: 'LongStorage' } as const

/** A state dict as torch pickles it (protocol 2), as latin1 text. */
export function statePickle(arrays: MadeArrays): string {
  const text = (value: string) => `X${number(value.length, 4).toString('latin1')}${value}`
  const integer = (value: number) => `J${number(value, 4).toString('latin1')}`
  const tuple = (values: readonly number[]) => `(${values.map(integer).join('')}t`
  const items = Object.entries(arrays).map(([name, array], index) => {
    const count = byteLength(array) / elementBytes[array.dtype]
    const rowMajor = array.shape.map((_, axis) => array.shape.slice(axis + 1).reduce((a, b) => a * b, 1))
    const storage = `(${text('storage')}ctorch\n${storageNames[array.dtype]}\n${text(String(index))}${text('cpu')}${integer(count)}tQ`
    const hooks = 'ccollections\nOrderedDict\n)R'
    return `${text(name)}ctorch._utils\n_rebuild_tensor_v2\n(${storage}K\x00${tuple(array.shape)}${tuple(array.strides ?? rowMajor)}\x89${hooks}tR`
  })
  return `\x80\x02}q\x00(${items.join('')}u.`
}

/** A zip archive of stored members, with ZIP64 records where numbers ask for them. */
function madeZip(members: readonly { name: string; head: Buffer; array?: MadeArray }[]): VirtualFile {
  const file = new FileBuilder()
  const directory: Buffer[] = []
  for (const { name, head, array } of members) {
    const size = head.length + (array ? byteLength(array) : 0)
    const offset = file.length
    const wide = size >= 0xffffffff || offset >= 0xffffffff
    const shown = (value: number) => number(wide ? 0xffffffff : value, 4)
    const sizes = Buffer.concat([number(0, 4), shown(size), shown(size), number(name.length, 2)])
    const common = Buffer.concat([number(45, 2), Buffer.alloc(8)])
    const local64 = wide
      ? Buffer.concat([number(1, 2), number(16, 2), number(size, 8), number(size, 8)])
      : Buffer.alloc(0)
    file.append(
      Buffer.concat([number(0x04034b50, 4), common, sizes, number(local64.length, 2), Buffer.from(name), local64]),
    )
    file.append(head)
    if (array) file.array(array)
    const extra = wide
      ? Buffer.concat([number(1, 2), number(24, 2), number(size, 8), number(size, 8), number(offset, 8)])
      : local64
    directory.push(
      Buffer.concat([
        number(0x02014b50, 4),
        number(45, 2),
        common,
        sizes,
        number(extra.length, 2),
        Buffer.alloc(10),
        shown(offset),
        Buffer.from(name),
        extra,
      ]),
    )
  }
  const start = file.length
  const records = Buffer.concat(directory)
  file.append(records)
  const count = number(members.length, 2)
  const wide = start >= 0xffffffff
  if (wide) {
    const end64 = file.length
    const total = number(members.length, 8)
    file.append(
      Buffer.concat([
        number(0x06064b50, 4),
        number(44, 8),
        Buffer.alloc(12),
        total,
        total,
        number(records.length, 8),
        number(start, 8),
      ]),
    )
    file.append(Buffer.concat([number(0x07064b50, 4), number(0, 4), number(end64, 8), number(1, 4)]))
  }
  file.append(
    Buffer.concat([
      number(0x06054b50, 4),
      number(0, 4),
      count,
      count,
      number(records.length, 4),
      number(wide ? 0xffffffff : start, 4),
      number(0, 2),
    ]),
  )
  return file.build()
}

/** An unsigned little-endian number. */
function number(value: number, bytes: 2 | 4 | 8): Buffer {
  const buffer = Buffer.alloc(bytes)
  if (bytes === 8) buffer.writeBigUInt64LE(BigInt(value))
  else buffer.writeUIntLE(value, 0, bytes)
  return buffer
}

/** A made-up file as the readers see files; reads that leave it fail as those of real files do. */
export function memorySource(file: Pick<VirtualFile, 'length' | 'subarray'>, name = 'made-up'): ByteSource {
  return {
    name,
    byteLength: file.length,
    seekCost: 4096,
    read: async (offset, length) => {
      if (offset < 0 || length < 0 || offset + length > file.length)
        throw new InputError(
          `${name} ends at byte ${file.length}, but bytes ${offset} to ${offset + length} were expected`,
        )
      return Uint8Array.from(file.subarray(offset, offset + length))
    },
    fetchWhole: async () => {},
    close: async () => {},
  }
}
