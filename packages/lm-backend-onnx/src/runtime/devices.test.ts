import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { DeviceList } from '@saeval/lm-backend-onnx'
import { describe, expect, it } from 'vitest'
import { cudaStub, lavapipe, needsCudaStub, needsLavapipe } from '../../../../tests/devices.js'
import { temporaryFolder } from '../../../../tests/fixtures.js'
import { type ChosenDevices, findDevices } from './devices.js'

const built = (file: string) => JSON.stringify(fileURLToPath(new URL(`../../dist/runtime/${file}`, import.meta.url)))

type Environment = Readonly<Record<string, string>> | null

/** What a call gives in a process with a further environment, in which the native libraries write nothing. */
function inProcess<T>(call: string, environment: Environment): T {
  const script = `
    import { findDevices, listDevices } from ${built('devices.js')}
    const found = await ${call}.catch((error) => ({ error: error.message }))
    console.log(JSON.stringify(found))`
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    env: { ...process.env, ...environment },
  })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  return JSON.parse(stdout) as T
}

const list = (environment: Environment) => inProcess<DeviceList>('listDevices()', environment)
const find = (name: string | null, environment: Environment) =>
  inProcess<ChosenDevices & { readonly error?: string }>(`findDevices(${JSON.stringify(name)})`, environment)

it('lists the CPU, and says why others do not compute, without a word of the native libraries', () => {
  const { devices, missing } = list({ LD_LIBRARY_PATH: '', VK_DRIVER_FILES: '/none' })
  expect(devices[0]).toMatchObject({ name: 'cpu', precisions: ['float32'], hardware: { kind: 'processor' } })
  expect(devices[0]!.hardware.memory).toBeGreaterThan(2 ** 30)
  expect(devices[0]!.library).toMatch(/^onnxruntime \d+\.\d+\.\d+$/)
  const known = [...devices, ...missing].map(({ name }) => name)
  expect(known).toEqual(
    expect.arrayContaining(process.platform === 'linux' ? ['cpu', 'cuda:0', 'webgpu'] : ['cpu', 'webgpu']),
  )
  for (const { problem } of missing) expect(problem).toMatch(/^[^\n]{20,300}$/)
})

describe('WebGPU on lavapipe', needsLavapipe, () => {
  it('is listed with its name, memory, types and versions', () => {
    const { devices } = list(lavapipe)
    expect(devices.find(({ name }) => name === 'webgpu')).toMatchObject({
      hardware: {
        name: expect.stringMatching(/^llvmpipe/),
        memory: expect.any(Number),
        kind: 'processor',
        versions: [expect.stringMatching(/^Vulkan 1\.\d+\.\d+$/)],
      },
      precisions: ['float32', 'float16'],
    })
  })

  it('is no GPU that is taken without being asked for', () => {
    expect(find(null, lavapipe).devices[0].name).toBe('cpu')
    expect(find('webgpu', lavapipe).devices[0].name).toBe('webgpu')
  })

  it('is missing where Vulkan has no driver', () => {
    expect(find('webgpu', { ...lavapipe, VK_DRIVER_FILES: '/none', VK_ICD_FILENAMES: '/none' }).error).toBe(
      'device "webgpu" is not available: Vulkan finds no driver: install the GPU\'s, or mesa-vulkan-drivers; a container with an ' +
        'NVIDIA GPU needs NVIDIA_DRIVER_CAPABILITIES=all',
    )
  })
})

describe('CUDA over a stub', needsCudaStub, () => {
  /** The stub's environment without one of its libraries. */
  function without(library: string): Environment {
    const folder = join(temporaryFolder(), 'lib')
    mkdirSync(folder)
    const all = cudaStub!.LD_LIBRARY_PATH!
    for (const name of readdirSync(all)) if (name !== library) symlinkSync(join(all, name), join(folder, name))
    return { ...cudaStub, LD_LIBRARY_PATH: folder }
  }

  it('is listed, each of several GPUs, and taken without being asked for', () => {
    const { devices } = list({ ...cudaStub, CUDA_STUB_DEVICES: '2', CUDA_STUB_MEMORY: String(2 ** 34) })
    const hardware = { name: 'CUDA stub', memory: 2 ** 34, kind: 'discrete', versions: ['CUDA 13.0'] }
    expect(devices.filter(({ name }) => name.startsWith('cuda'))).toMatchObject(
      ['cuda:0', 'cuda:1'].map((name) => ({ name, hardware, precisions: ['float32', 'float16', 'bfloat16'] })),
    )
    const { devices: chosen, line } = find('auto', cudaStub)
    expect([chosen.map(({ name }) => name), line]).toEqual([['cuda:0'], 'device: cuda:0 (CUDA stub)'])
  })

  it('tries every GPU, whatever is wrong with the first', () => {
    const busy = { ...cudaStub, CUDA_STUB_DEVICES: '2', CUDA_STUB_BUSY: '0' }
    const { devices, missing } = list(busy)
    expect(devices.filter(({ name }) => name.startsWith('cuda')).map(({ name }) => name)).toEqual(['cuda:1'])
    const problem = /^another program has it for itself/
    expect(missing.find(({ name }) => name === 'cuda:0')?.problem).toMatch(problem)
    expect(find('auto', busy).line).toMatch(
      /^device: cuda:1 \(CUDA stub\); not cuda:0: another program has it for itself/,
    )
  })

  it('says once what is wrong with all GPUs', () => {
    const two = { ...without('libcublas.so.13'), CUDA_STUB_DEVICES: '2' }
    expect(find('auto', two).line!.match(/not cuda/g)).toEqual(['not cuda'])
    expect(list(two).missing.filter(({ name }) => name.startsWith('cuda'))).toHaveLength(1)
  })

  it.each([
    ['cuBLAS', () => without('libcublas.so.13'), 'libcublas.so.13 (cuBLAS) is missing: pip install nvidia-cublas'],
    ['the driver', () => without('libcuda.so.1'), "libcuda.so.1 is missing, which NVIDIA's driver brings"],
    ['a GPU', () => ({ ...cudaStub, CUDA_STUB_DEVICES: '0' }), "NVIDIA's driver sees no GPU"],
    ['a newer driver', () => ({ ...cudaStub, CUDA_STUB_DRIVER_TOO_OLD: '1' }), "NVIDIA's driver is missing or older"],
  ])('says that %s is missing, and takes another device where none is named', (_, environment, problem) => {
    const { devices, line } = find(null, environment())
    expect(devices[0].name).toBe('cpu')
    expect(line).toContain(`device: cpu; not cuda: ${problem}`)
  })

  it('says the same where it is named', () => {
    const { error } = find('cuda', without('libcublasLt.so.13'))
    expect(error).toMatch(/^device "cuda:0" is not available: libcublasLt\.so\.13 \(cuBLAS\) is missing: pip install/)
    const installed = find('cuda', { ...cudaStub, SAEVAL_ONNXRUNTIME: '' }).error
    expect(installed).toMatch(
      /provider \(libonnxruntime_providers_cuda\.so\) is not in .*: name a folder that has it in/,
    )
  })

  it('is several devices where several are named', () => {
    const names = ({ devices }: ChosenDevices) => devices.map(({ name }) => name)
    expect(names(find('cuda:0, cuda:1', { ...cudaStub, CUDA_STUB_DEVICES: '2' }))).toEqual(['cuda:0', 'cuda:1'])
    expect(find('cuda:0,cuda:2', { ...cudaStub, CUDA_STUB_DEVICES: '2' }).error).toBe(
      'device "cuda:2" is not available: there is no GPU of this number',
    )
  })
})

it.each([
  ['gpu', 'device "gpu" is none: devices are auto, cpu, webgpu and cuda:0, or several as cuda:0,cuda:1'],
  ['cuda:', 'device "cuda:" is none'],
  ['cuda:0,cuda', 'device "cuda:0,cuda:0" names cuda:0 twice'],
  ['cpu,cpu', "several devices are CUDA's (cuda:0,cuda:1); cpu computes alone"],
  ['cuda:0,webgpu', 'webgpu computes alone'],
])('refuses %s', async (name, message) => {
  await expect(findDevices(name)).rejects.toThrow(message)
})
