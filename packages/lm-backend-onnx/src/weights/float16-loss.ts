import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { convertFloats } from '../runtime/convert-floats.js'
import type { StoredTensor } from './checkpoint.js'

/** How many numbers of a tensor float16 cannot hold as they are. */
export interface Float16Loss {
  /** Beyond 65504: they would be infinite. */
  readonly beyond: number
  /** So small that they fall between two of float16: off by 2^-25 (3e-8) at most. */
  readonly rounded: number
}

/** Bytes of a file that are read at a time. */
const readAtOnce = 2 ** 24

/** Reads a tensor, rounded to bfloat16 where it is stored as something else, for what float16 makes of it. */
export async function float16Loss(folder: string, tensor: StoredTensor): Promise<Float16Loss> {
  const kinds = kindsOfLoss()
  const counts = new Uint32Array(3)
  const from = tensor.type === 'float16' || tensor.type === 'bfloat16' ? tensor.type : 'float32'
  const file = await open(join(folder, tensor.location))
  try {
    const bytes = new Uint8Array(Math.min(readAtOnce, tensor.byteLength))
    for (let at = 0; at < tensor.byteLength; at += bytes.length) {
      const wanted = Math.min(bytes.length, tensor.byteLength - at)
      const { bytesRead } = await file.read(bytes, 0, wanted, tensor.offset + at)
      if (bytesRead < wanted) throw new Error(`${tensor.location} ends before its weights do`)
      const numbers = bytes.subarray(0, wanted)
      const bits =
        from === 'bfloat16' ? new Uint16Array(bytes.buffer, 0, wanted / 2) : convertFloats(numbers, from, 'bfloat16')
      for (let index = 0; index < bits.length; index++) counts[kinds[bits[index]!]!]!++
    }
  } finally {
    await file.close()
  }
  return { beyond: counts[2]!, rounded: counts[1]! }
}

let known: Uint8Array | null = null

/** For each of the 65536 numbers of bfloat16: 0 where float16 holds it, 1 where it is rounded, 2 where it is beyond. */
function kindsOfLoss(): Uint8Array {
  if (known !== null) return known
  const all = new Uint8Array(Uint16Array.from({ length: 65536 }, (_, bits) => bits).buffer)
  const numbers = convertFloats(all, 'bfloat16', 'float32')
  const halves = new Uint8Array(convertFloats(all, 'bfloat16', 'float16').buffer)
  const back = convertFloats(halves, 'float16', 'float32')
  known = Uint8Array.from(numbers, (number, bits) => {
    if (Object.is(number, back[bits])) return 0
    return Number.isFinite(back[bits]) ? 1 : 2
  })
  return known
}
