import { expect, it } from 'vitest'
import { type ByteSource, InputError, readSafetensorsIndex, readTensor } from './index.js'
import { seededUniform } from './seeded-uniform.js'

const tensor = (shape: unknown, from: number, to: number, dtype: unknown = 'F32') => ({
  dtype,
  shape,
  data_offsets: [from, to],
})
const whole = { __metadata__: { format: 'pt' }, a: tensor([2, 2], 0, 16), b: tensor([4], 16, 32) }

/** A file of a header (a value, or text that stands for one) and 32 bytes. */
function fileOf(header: unknown, claimed?: bigint): Buffer {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(claimed ?? BigInt(text.length))
  return Buffer.concat([length, text, Buffer.alloc(32, 1)])
}

/** What is asked of it must lie inside, and its bytes are counted. */
function sourceOf(bytes: Buffer) {
  const source: ByteSource & { taken: number } = {
    name: 'x.safetensors',
    byteLength: bytes.length,
    seekCost: 1,
    taken: 0,
    read: async (offset, length) => {
      expect(offset + length).toBeLessThanOrEqual(bytes.length)
      source.taken += length
      return bytes.subarray(offset, offset + length)
    },
    fetchWhole: async () => {},
    close: async () => {},
  }
  return source
}
const read = (bytes: Buffer) => readSafetensorsIndex(sourceOf(bytes))

it('reads a header', async () => {
  const { tensors, metadata } = await read(fileOf(whole))
  expect([...tensors.keys()]).toEqual(['a', 'b'])
  expect(metadata.format).toBe('pt')
  // names of every object are names like others, and none that is not there
  const odd = await read(
    fileOf('{"__proto__":{"dtype":"U8","shape":[32],"data_offsets":[0,32]},"__metadata__":{"__proto__":"x"}}'),
  )
  expect([...odd.tensors.keys()]).toEqual(['__proto__'])
  expect('toString' in odd.metadata).toBe(false)
})

it.each<[string, Buffer, RegExp]>([
  ['no file', Buffer.alloc(3), /\(3 bytes\)/],
  ['a header of all memory', fileOf(whole, 2n ** 63n), /claims 9223372036854776000 bytes/],
  ['a header beyond the end', fileOf(whole, 10_000n), /claims 10000 bytes/],
  ['a header of no JSON', fileOf('{'), /its header is not JSON/],
  ['a list', fileOf('[]'), /its header is not an object/],
  ['a deep header', fileOf(`${'['.repeat(50_000)}${']'.repeat(50_000)}`), /its header is not an object/],
  ['metadata that are none', fileOf({ ...whole, __metadata__: [1] }), /its metadata are not texts/],
  ['metadata of numbers', fileOf({ ...whole, __metadata__: { a: 1 } }), /its metadata are not texts/],
  ['a tensor that is none', fileOf({ a: null }), /tensor a has the unknown type missing/],
  ['a type of every object', fileOf({ a: tensor([8], 0, 32, 'constructor') }), /unknown type "constructor"/],
  ['a deep type', fileOf(`{"a":{"dtype":${'['.repeat(5000)}${']'.repeat(5000)}}}`), /unknown type \[\[/],
  ['a shape that is none', fileOf({ a: tensor([-8], 0, 32) }), /no valid shape/],
  ['a shape that is too large', fileOf({ a: tensor([2 ** 40, 2 ** 40], 0, 32) }), /asks for 4\.8\d*e\+24/],
  ['a shape without an end', fileOf({ a: tensor(Array(1000).fill(1), 0, 4) }), /no valid shape/],
  ['a place that is none', fileOf({ a: { ...tensor([8], 0, 32), data_offsets: [0] } }), /no valid place/],
  ['a place beyond the end', fileOf({ a: tensor([2 ** 40], 0, 2 ** 42) }), /its tensors end at byte/],
  ['a place that is another one', fileOf({ a: tensor([8], 0, 32), b: tensor([8], 0, 32) }), /tensor b starts at byte/],
  ['a long name', fileOf({ ['x'.repeat(1e5)]: null }), /the name of a tensor cannot be read/],
])('refuses %s', async (_, bytes, message) => {
  const error: unknown = await read(bytes).catch((cause: unknown) => cause)
  expect(InputError.isInstance(error)).toBe(true)
  expect((error as Error).message).toMatch(message)
  expect((error as Error).message.length).toBeLessThan(300)
})

it('reads or refuses whatever bytes become', async () => {
  const random = seededUniform(17)
  const below = (count: number) => Math.floor(random() * count)
  let refused = 0
  for (let time = 0; time < 2000; time++) {
    const bytes = fileOf(whole)
    for (let count = 1 + below(3); count > 0; count--) bytes[below(bytes.length - 32)] = below(256)
    const source = sourceOf(bytes)
    try {
      const { tensors } = await readSafetensorsIndex(source)
      for (const entry of tensors.values()) await readTensor(source, entry)
    } catch (error) {
      if (!InputError.isInstance(error)) throw error
      refused++
    }
    expect(source.taken).toBeLessThanOrEqual(bytes.length)
  }
  expect(refused).toBeGreaterThan(1000)
})
