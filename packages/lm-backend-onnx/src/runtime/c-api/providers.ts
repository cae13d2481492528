import { dirname, join } from 'node:path'
import { InputError } from '@saeval/hub'
import type { DeviceMemory } from '../engine.js'
import type { Provider } from '../protocol.js'
import { cudaMemory } from './cuda-memory.js'
import type { OrtApi, Pointer } from './ort-api.js'

/** How onnxruntime's C API names a provider, and what it needs. */
export interface ProviderUse {
  /** As GetAvailableProviders says it. */
  readonly listedAs: string
  /** Its memory; null where its tensors lie in host memory. */
  readonly memory: { readonly name: string; readonly deviceId: number } | null
  /** Whether a place in its memory is an address; WebGPU has handles of buffers. */
  readonly addressed: boolean
  /** Adds it to the options of a session. */
  append(api: OrtApi, sessionOptions: Pointer): void
  /** Its memory's size; null where it does not say. */
  size(api: OrtApi): DeviceMemory | null
  /** What the environment needs once, before the first session; `memory` is the provider's. */
  prepare?(api: OrtApi, env: Pointer, memory: Pointer, library: string): void
}

/** kSameAsRequested: the arena takes what is asked for, not the next power of two, which would waste up to half of a device. */
const sameAsRequested = 1

/** Sizes of the arena that sessions share: all of the device (0), and how it grows. */
const arenaSizes = BigUint64Array.of(0n, BigInt(sameAsRequested))

/** The use of a provider. Device numbers are those of the provider. */
export function providerUse(provider: Provider): ProviderUse {
  switch (provider.name) {
    case 'cpu':
      return { listedAs: 'CPUExecutionProvider', memory: null, addressed: true, size: () => null, append: () => {} }
    case 'webgpu':
      return {
        listedAs: 'WebGpuExecutionProvider',
        memory: { name: 'WebGPU_Buffer', deviceId: 0 },
        addressed: false,
        size: () => null,
        append: (api, options) => appendNamed(api, options, 'WebGPU', {}),
      }
    case 'cuda':
      return cudaUse(provider)
  }
}

const cudaLibrary = process.platform === 'win32' ? 'onnxruntime_providers_cuda.dll' : 'libonnxruntime_providers_cuda.so'

type CudaProvider = Extract<Provider, { name: 'cuda' }>

function cudaUse({ deviceId, tf32 = false }: CudaProvider): ProviderUse {
  const options = {
    device_id: String(deviceId),
    // float32 means float32: TF32 is on by default
    use_tf32: tf32 ? '1' : '0',
    arena_extend_strategy: 'kSameAsRequested',
  }
  return {
    listedAs: 'CUDAExecutionProvider',
    memory: { name: 'Cuda', deviceId },
    addressed: true,
    size: ({ koffi }) => cudaMemory(koffi, deviceId),
    append: (api, sessionOptions) => {
      const made = api.CreateCUDAProviderOptions()
      try {
        api.UpdateCUDAProviderOptions(made, ...pairs(options))
        api.SessionOptionsAppendExecutionProvider_CUDA_V2(sessionOptions, made)
      } finally {
        api.ReleaseCUDAProviderOptions(made)
      }
    },
    prepare: (api, env, memory, library) => {
      // one arena for all sessions: what one of them has freed, another may take
      const arena = api.CreateArenaCfgV2(['max_mem', 'arena_extend_strategy'], arenaSizes, arenaSizes.length)
      once(() => api.CreateAndRegisterAllocatorV2(env, 'CUDAExecutionProvider', memory, arena, ...pairs(options)))
      api.ReleaseArenaCfg(arena)
      // CopyTensors learns of a provider in a library of its own only so
      once(() => api.RegisterExecutionProviderLibrary(env, 'cuda', join(dirname(library), cudaLibrary)))
    },
  }
}

/** Does what can be done once for the process: its threads share onnxruntime's environment, and another one may have been first. */
function once(register: () => void): void {
  try {
    register()
  } catch (error) {
    if (!/already/.test((error as Error).message)) throw error
  }
}

function appendNamed(api: OrtApi, sessionOptions: Pointer, name: string, options: Readonly<Record<string, string>>) {
  api.SessionOptionsAppendExecutionProvider(sessionOptions, name, ...pairs(options))
}

function pairs(options: Readonly<Record<string, string>>) {
  return [Object.keys(options), Object.values(options), Object.keys(options).length] as const
}

/** Throws InputError where the library was built without the provider. */
export function checkProvider(api: OrtApi, provider: Provider, library: string): void {
  const listed = availableProviders(api)
  const { listedAs } = providerUse(provider)
  if (!listed.includes(listedAs)) throw new InputError(`${library} has no ${listedAs}; it has ${listed.join(', ')}`)
}

/** Names of the providers that the library knows; whether they start is another matter. */
function availableProviders(api: OrtApi): string[] {
  const count = new Int32Array(1)
  const list = api.GetAvailableProviders(count)
  try {
    return api.koffi.decode(list, api.koffi.array('str', count[0]!)) as string[]
  } finally {
    api.ReleaseAvailableProviders(list, count[0]!)
  }
}
