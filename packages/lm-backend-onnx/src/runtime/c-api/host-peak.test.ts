import { spawnSync } from 'node:child_process'
import { truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { cudaStub, lavapipe, needsCudaStub, needsLavapipe } from '../../../../../tests/devices.js'
import { nightly, temporaryFolder } from '../../../../../tests/fixtures.js'
import type { Provider } from '../protocol.js'

const dist = new URL('../../../dist/runtime/c-api/c-api-engine.js', import.meta.url).href
const [rows, width] = [2 ** 17, 1024]
const bytes = 2 * rows * width

// loads bfloat16 weights; where no GPU is, the device's memory is the process's too
const script = (path: string, provider: Provider, dtype: string) => `
  import { readFileSync, writeFileSync } from 'node:fs'
  import { cApiEngine } from ${JSON.stringify(dist)}
  const status = (field) => 1024 * Number(new RegExp(field + ':\\\\s+(\\\\d+)').exec(readFileSync('/proc/self/status', 'utf8'))[1])
  const engine = await cApiEngine({ provider: ${JSON.stringify(provider)}, threads: 1 })
  const load = (rows) => {
    const places = [{ path: ${JSON.stringify(path)}, offset: 0, byteLength: 2 * rows * ${width} }]
    engine.uploadFile({ places, dtype: 'bfloat16', dims: [rows, ${width}] }, '${dtype}')
  }
  // what the first copy loads stays
  load(2 ** 13)
  const before = status('VmRSS')
  writeFileSync('/proc/self/clear_refs', '5')
  load(${rows})
  console.log(status('VmHWM') - before)
  process.exit()
`

function hostPeak(provider: Provider, dtype: string, environment: Readonly<Record<string, string>>): number {
  const path = join(temporaryFolder(), 'weights')
  writeFileSync(path, '')
  truncateSync(path, bytes)
  const argv = ['--input-type=module', '-e', script(path, provider, dtype)]
  const { status, stdout, stderr } = spawnSync(process.execPath, argv, {
    encoding: 'utf8',
    env: { ...process.env, ...environment },
  })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  return Number(stdout) - bytes
}

it('holds less than 1.3 times a tensor on its way to WebGPU', nightly(needsLavapipe), () => {
  expect(hostPeak({ name: 'webgpu' }, 'float16', lavapipe!)).toBeLessThan(1.3 * bytes)
})

it('holds parts of a tensor on its way to CUDA', nightly(needsCudaStub), () => {
  expect(hostPeak({ name: 'cuda', deviceId: 0 }, 'bfloat16', cudaStub!)).toBeLessThan(0.6 * bytes)
})
