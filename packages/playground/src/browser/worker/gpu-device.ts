import type { WebGpuDevice } from '@saeval/lm-backend-onnx'

/** What is used of a browser's WebGPU. */
interface Gpu {
  requestAdapter(): Promise<Adapter | null>
}
interface Adapter {
  readonly info?: { readonly isFallbackAdapter?: boolean }
  readonly limits: object
  readonly features: Iterable<string>
  requestDevice(options: object): Promise<WebGpuDevice>
}

/** Limits that large tensors need; the rest is enough as it is. */
const limits = ['maxBufferSize', 'maxStorageBufferBindingSize', 'maxComputeWorkgroupStorageSize'] as const
const more = [
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxStorageBuffersPerShaderStage',
] as const

/** Why WebGPU cannot compute here, as a clause; null where it can. One that only a processor stands in for is slower than WebAssembly. */
export async function withoutGpu(): Promise<string | null> {
  // it waits for the device, which WebAssembly can by JSPI alone
  if (!('Suspending' in WebAssembly)) return 'this browser cannot wait in WebAssembly (JSPI)'
  const adapter = await adapterOf()
  if (adapter === null) return 'this browser has no WebGPU'
  return adapter.info?.isFallbackAdapter ? "this browser's WebGPU computes on the processor" : null
}

/** The device of this thread. Throws where there is none, or the browser does not give it. */
export async function gpuDevice(): Promise<WebGpuDevice> {
  const adapter = await adapterOf()
  if (adapter === null) throw new Error('this browser has no WebGPU')
  const own = adapter.limits as Readonly<Record<string, number>>
  return adapter.requestDevice({
    requiredFeatures: [...adapter.features],
    requiredLimits: Object.fromEntries([...limits, ...more].map((name) => [name, own[name]])),
  })
}

async function adapterOf(): Promise<Adapter | null> {
  const gpu = (navigator as { readonly gpu?: Gpu }).gpu
  return (await gpu?.requestAdapter().catch(() => null)) ?? null
}
