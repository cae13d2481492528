import { readFileSync } from 'node:fs'
import { fixturePath } from './fixtures.js'

/** All float32 tensors of a golden safetensors file, read in the plainest way so that no product code is on the golden's side. */
export function readGoldenTensors(path: string): Map<string, Float32Array> {
  const bytes = readFileSync(fixturePath(path))
  const headerLength = Number(bytes.readBigUInt64LE(0))
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + headerLength)) as Record<
    string,
    { dtype: string; data_offsets: [number, number] }
  >
  const tensors = new Map<string, Float32Array>()
  for (const [name, { dtype, data_offsets: offsets }] of Object.entries(header)) {
    if (dtype !== 'F32') continue
    const start = bytes.byteOffset + 8 + headerLength
    tensors.set(name, new Float32Array(bytes.buffer.slice(start + offsets[0], start + offsets[1])))
  }
  return tensors
}

/** One int64 tensor of a golden. */
export function readGoldenIntegers(path: string, name: string): number[] {
  const bytes = readFileSync(fixturePath(path))
  const headerLength = Number(bytes.readBigUInt64LE(0))
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + headerLength)) as Record<
    string,
    { dtype: string; data_offsets: [number, number] }
  >
  const { dtype, data_offsets: offsets } = header[name]!
  if (dtype !== 'I64') throw new Error(`${name} of ${path} is ${dtype}`)
  const start = 8 + headerLength + offsets[0]
  return Array.from({ length: (offsets[1] - offsets[0]) / 8 }, (_, i) => Number(bytes.readBigInt64LE(start + 8 * i)))
}

/** The shape of one tensor of a golden. */
export function readGoldenShape(path: string, name: string): number[] {
  const bytes = readFileSync(fixturePath(path))
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + Number(bytes.readBigUInt64LE(0))))
  return (header as Record<string, { shape: number[] }>)[name]!.shape
}
