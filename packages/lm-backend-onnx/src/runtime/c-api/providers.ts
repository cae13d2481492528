import { InputError } from '@saeval/hub'
import type { Provider } from '../protocol.js'
import { CudaCopies } from './cuda-driver.js'
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
  /** What copies to and from its memory, and knows its size; absent where onnxruntime copies, and nobody knows the size. */
  copies?(api: OrtApi): CudaCopies
  /** What the environment needs once, before the first session; `memory` is the provider's. */
  prepare?(api: OrtApi, env: Pointer, memory: Pointer, copies: CudaCopies | null): void
}

/** kSameAsRequested: the arena takes what is asked for, not the next power of two, which would waste up to half of a device. */
const sameAsRequested = 1

/** The use of a provider. Device numbers are those of the provider. */
export function providerUse(provider: Provider): ProviderUse {
  switch (provider.name) {
    case 'cpu':
      return { listedAs: 'CPUExecutionProvider', memory: null, addressed: true, append: () => {} }
    case 'webgpu':
      return {
        listedAs: 'WebGpuExecutionProvider',
        memory: { name: 'WebGPU_Buffer', deviceId: 0 },
        addressed: false,
        append: (api, options) => appendNamed(api, options, 'WebGPU', {}),
      }
    case 'cuda':
      return cudaUse(provider)
  }
}

type CudaProvider = Extract<Provider, { name: 'cuda' }>

function cudaUse({ deviceId, tf32 = false, gpuMemory = null }: CudaProvider): ProviderUse {
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
    // not by onnxruntime's CopyTensors: the library of providers that it asks for counts the machine's GPUs, and CUDA only those that it may use
    copies: ({ koffi }) => new CudaCopies(koffi, deviceId),
    append: (api, sessionOptions) => {
      const made = api.CreateCUDAProviderOptions()
      try {
        api.UpdateCUDAProviderOptions(made, ...pairs(options))
        api.SessionOptionsAppendExecutionProvider_CUDA_V2(sessionOptions, made)
      } finally {
        api.ReleaseCUDAProviderOptions(made)
      }
    },
    prepare: (api, env, memory, copies) => {
      // one arena of a device for all sessions: what one of them has freed, another may take. 0 is all of the device
      const most = gpuMemory === null ? 0 : bytesOf(gpuMemory, copies?.memory().total ?? 0)
      const sizes = BigUint64Array.of(BigInt(most), BigInt(sameAsRequested))
      const arena = api.CreateArenaCfgV2(['max_mem', 'arena_extend_strategy'], sizes, sizes.length)
      once(() => api.CreateAndRegisterAllocatorV2(env, 'CUDAExecutionProvider', memory, arena, ...pairs(options)))
      api.ReleaseArenaCfg(arena)
    },
  }
}

/** What is given as a share of a device's memory up to 1, or as bytes, in whole bytes. */
function bytesOf(gpuMemory: number, total: number): number {
  return Math.floor(gpuMemory <= 1 ? gpuMemory * total : gpuMemory)
}

/** Does what can be done once for the process and device: threads share onnxruntime's environment, and another model's may have been first. */
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
