import { spawnSync } from 'node:child_process'
import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { cudaStub, lavapipe, needsCudaStub, needsLavapipe } from '../../../../tests/devices.js'
import { temporaryFolder } from '../../../../tests/fixtures.js'
import { GraphBuilder } from '../onnx/graph-builder.js'
import { cApiEngine } from './c-api/c-api-engine.js'
import { type Observed, observe } from './conformance.testing.js'
import type { FileTensor } from './engine.js'
import type { Provider } from './protocol.js'

// 1, -pi, 65504, 2^-149 as float32; bfloat16 at 2: 1, 0x0fdb, -3.140625, 0xe000; then zeros, more than a part of them
const path = join(temporaryFolder(), 'weights')
const many = 2 ** 23 + 4
writeFileSync(path, new Uint8Array(Uint32Array.of(0x3f800000, 0xc0490fdb, 0x477fe000, 1).buffer))
appendFileSync(path, new Uint8Array(2 * many - 16 - 4))
appendFileSync(path, new Uint8Array(Uint16Array.of(0x3f80, 0xc000).buffer))

function stored(dtype: FileTensor['dtype'], offset: number, dims: readonly number[], byteLength: number): FileTensor {
  return { places: [{ path, offset, byteLength }], dtype, dims }
}

function places(...of: readonly (readonly [number, number])[]): FileTensor['places'] {
  return of.map(([offset, byteLength]) => ({ path, offset, byteLength }))
}

const files = {
  'float32 as it is': { file: stored('float32', 0, [2, 2], 16), dtype: 'float32' },
  'float32 to float16': { file: stored('float32', 0, [4], 16), dtype: 'float16' },
  'bfloat16 to float32': { file: stored('bfloat16', 2, [1, 4], 8), dtype: 'float32' },
  'bfloat16 to float16': { file: stored('bfloat16', 2, [4], 8), dtype: 'float16' },
  'bfloat16 as it is': { file: stored('bfloat16', 2, [4], 8), dtype: 'bfloat16' },
  'bytes as they are': { file: stored('uint8', 2, [3, 2], 6), dtype: 'uint8' },
  'bytes as numbers': { file: stored('uint8', 2, [3, 2], 6), dtype: 'float32' },
  'from two places': { file: { ...stored('uint8', 2, [5], 2), places: places([2, 2], [0, 3]) }, dtype: 'uint8' },
  'too few': { file: stored('uint8', 2, [3], 2), dtype: 'uint8' },
  'rounded first': { file: { ...stored('float32', 0, [4], 16), rounded: 'bfloat16' }, dtype: 'float32' },
  'in several parts': { file: stored('bfloat16', 0, [many], 2 * many), dtype: 'float32' },
  'a file that ends': { file: stored('float32', 2 * many, [8], 32), dtype: 'float32' },
} as const

const expected = {
  'host to host': 'float32 [1,4] 11,22,33,44',
  'host to device': [
    [1, 4],
    [1, 4],
  ],
  'device to device': [1, 4],
  read: 'float32 [1,4] 22,44,66,88',
  'to a tensor that is there': true,
  'what is there then': 'float32 [1,4] 21,42,63,84',
  'in place': true,
  'in place, read': 'float32 [1,4] 84,168,252,336',
  'no rows': ['float32 [0,4] ', 'float32 [0,4] '],
  float16: 'float16 [2] 1,0',
  bfloat16: 'bfloat16 [2] 1,0',
  int32: 'int32 [2] 1,0',
  bool: 'bool [2] 1,0',
  uint8: 'uint8 [2] 1,0',
  int64: 'int64 [2] 1099511627776,-1',
  // four first and two last numbers, 16-bit floats as their bits
  'float32 as it is': `float32 [2,2] ${[1, Math.fround(-Math.PI), 65504, 2 ** -149, 65504, 2 ** -149]}`,
  'float32 to float16': `float16 [4] ${[0x3c00, 0xc248, 0x7bff, 0, 0x7bff, 0]}`,
  'bfloat16 to float32': `float32 [1,4] ${[1, 219 * 2 ** -103, -3.140625, -(2 ** 65), -3.140625, -(2 ** 65)]}`,
  'bfloat16 to float16': `float16 [4] ${[0x3c00, 0, 0xc248, 0xfc00, 0xc248, 0xfc00]}`,
  'bfloat16 as it is': `bfloat16 [4] ${[0x3f80, 0x0fdb, 0xc049, 0xe000, 0xc049, 0xe000]}`,
  'bytes as they are': 'uint8 [3,2] 128,63,219,15,73,192',
  'from two places': 'uint8 [5] 128,63,0,0,0,128',
  'too few': `Error: the weights in ${path} are too few`,
  'rounded first': `float32 [4] ${[1, -3.140625, 65536, 0, 65536, 0]}`,
  'bytes as numbers': 'Error: uint8 weights are no float32',
  'in several parts': `float32 [${many}] ${[0, 1, 219 * 2 ** -103, -3.140625, 1, -2]}`,
  'a file that ends': `Error: ${path} ends before its weights do`,
  'unknown input': 'Error: the graph has no input v',
  'unknown output': 'Error: the graph has no output difference',
  'wrong size': expect.stringContaining('Got: 1 Expected: 4'),
  'missing input': "Error: the graph's input x is not given",
  'used after its end': 'Error: a tensor [1,4] is used after it was disposed',
  'runs after errors': 'float32 [1,4] 11,22,33,44',
  'no model': 'Error: Failed to load model because protobuf parsing failed.',
}

/** Bytes that devices are expected to move: what comes from the host and goes to it, nothing else. */
const moved = {
  'host to host': { up: 16, down: 16 },
  'host to device': { up: 16, down: 0 },
  'device to device': { up: 0, down: 0 },
  read: { up: 0, down: 16 },
  'to a tensor that is there': { up: 0, down: 0 },
  'in place': { up: 0, down: 0 },
  'no rows': { up: 0, down: 0 },
  'float32 as it is': { up: 16, down: 16 },
  'float32 to float16': { up: 8, down: 8 },
  'bfloat16 to float32': { up: 16, down: 16 },
  'bfloat16 to float16': { up: 8, down: 8 },
  'bfloat16 as it is': { up: 8, down: 8 },
  'bytes as they are': { up: 6, down: 6 },
  'from two places': { up: 5, down: 5 },
  'too few': { up: 0, down: 0 },
  'rounded first': { up: 16, down: 16 },
  'bytes as numbers': { up: 0, down: 0 },
  'in several parts': { up: 4 * many, down: 4 * many },
  'a file that ends': { up: 0, down: 0 },
}

// outputs of 64 kB that stayed would be 26 MB
const grownAtMost = 16e6

/** What is observed in a process of its own, with a further environment, in which nothing but that is written. */
function observedIn(provider: Provider, environment: Readonly<Record<string, string>>): Observed {
  const built = (file: string) => JSON.stringify(fileURLToPath(new URL(`../../dist/${file}`, import.meta.url)))
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `
      import { GraphBuilder } from ${built('onnx/graph-builder.js')}
      import { cApiEngine } from ${built('runtime/c-api/c-api-engine.js')}
      const engine = await cApiEngine({ provider: ${JSON.stringify(provider)}, threads: null })
      console.log(JSON.stringify(await (${observe})(engine, GraphBuilder, ${JSON.stringify(files)})))
      `,
    ],
    { encoding: 'utf8', env: { ...process.env, ...environment } },
  )
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  return JSON.parse(stdout)
}

it('does on the CPU, through the C API, what an engine does', async () => {
  const engine = await cApiEngine({ provider: { name: 'cpu' }, threads: null })
  expect(engine.memory()).toBeNull()
  const { results, traffic, grown } = await observe(engine, GraphBuilder, files)
  expect(results).toEqual(expected)
  expect(new Set(Object.values(traffic).flatMap(({ up, down }) => [up, down]))).toEqual(new Set([0]))
  expect(grown).toBeLessThan(grownAtMost)
})

it('does the same on WebGPU, and moves nothing but what it is given and asked for', needsLavapipe, () => {
  const { results, traffic, grown } = observedIn({ name: 'webgpu' }, lavapipe!)
  expect(results).toEqual(expected)
  expect(traffic).toEqual(moved)
  expect(grown).toBeLessThan(grownAtMost)
})

it('does the same on CUDA', needsCudaStub, () => {
  const { results, traffic, grown } = observedIn({ name: 'cuda', deviceId: 0 }, cudaStub!)
  expect(results).toEqual(expected)
  expect(traffic).toEqual(moved)
  expect(grown).toBeLessThan(grownAtMost)
})
