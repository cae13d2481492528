import { option, sentence } from '@saeval/hub'
import type { SteeredEntry, SteeredFile } from '../steered-entry.js'
import {
  added,
  floatBytes,
  refusesAllButAdditions,
  refusesAllButModuleEdits,
  refusesSecondEdits,
  type VectorWriter,
} from './vector-writer.js'

/** One vector as numpy.save writes it. Its coefficient is multiplied in; the layer is not in it. */
export const npyWriter: VectorWriter = {
  name: 'numpy',
  ends: ['.npy'],
  refuses: refusesAllButAdditions,
  refusesFile: ({ entries }) =>
    entries.length === 1
      ? null
      : sentence`${entries.length} vectors: it holds one; choose by ${option('layers')} of vectors caa or convert`,
  leaves: ({ path, entries }) => [`${path}: an array does not say where it acts; it was ${entries[0]!.hookpoint}`],
  bytes: ({ entries }) => {
    const vector = added(entries[0]!)
    const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${vector.length},), }`
    // magic, version and the length of the header are 10 bytes; all of it is a multiple of 64 with the line's end
    const padding = ' '.repeat((64 - ((10 + header.length + 1) % 64)) % 64)
    const text = Buffer.from(`${header}${padding}\n`, 'latin1')
    const size = Buffer.alloc(2)
    size.writeUInt16LE(text.length)
    return Buffer.concat([Buffer.from([0x93]), Buffer.from('NUMPY\x01\x00', 'latin1'), size, text, floatBytes(vector)])
  },
}

/** saeval's own .safetensors: vectors and biases as tensors, the rest as texts of the metadata. */
export const safetensorsWriter: VectorWriter = {
  name: 'safetensors',
  ends: ['.safetensors'],
  refuses: refusesAllButModuleEdits,
  refusesFile: refusesSecondEdits(({ hookpoint }) => hookpoint),
  leaves: () => [],
  bytes: safetensorsBytes,
}

function safetensorsBytes({ entries }: SteeredFile): Uint8Array {
  const metadata = Object.fromEntries(entries.flatMap(textsOf))
  const tensors = entries.flatMap(tensorsOf)
  const header: Record<string, unknown> = { __metadata__: metadata }
  let at = 0
  for (const [name, values] of tensors) {
    header[name] = { dtype: 'F32', shape: [values.length], data_offsets: [at, at + values.byteLength] }
    at += values.byteLength
  }
  const text = JSON.stringify(header)
  const bytes = Buffer.from(
    text.padEnd(Math.ceil(Buffer.byteLength(text) / 8) * 8 - Buffer.byteLength(text) + text.length),
  )
  const size = Buffer.alloc(8)
  size.writeBigUInt64LE(BigInt(bytes.length))
  return Buffer.concat([size, bytes, ...tensors.map(([, values]) => floatBytes(values))])
}

function textsOf({ hookpoint, change, head }: SteeredEntry): [string, string][] {
  return [
    [`${hookpoint}.action`, change.action === 'add' ? 'add' : 'clamp'],
    [`${hookpoint}.steering_coefficient`, String(change.coefficient)],
    ...(head === null ? [] : [[`${hookpoint}.head_index`, String(head)] as [string, string]]),
  ]
}

function tensorsOf({ hookpoint, change }: SteeredEntry): [string, Float32Array][] {
  if (change.action !== 'add' && change.action !== 'project_clamp') return []
  const bias = change.action === 'project_clamp' ? change.origin : null
  return [
    [`${hookpoint}.steering_vector`, change.vector],
    ...(bias === null ? [] : [[`${hookpoint}.bias`, bias] as [string, Float32Array]]),
  ]
}
