import { cpus } from 'node:os'
import type * as Koffi from 'koffi'
import { cudaDeviceFacts } from './c-api/cuda-driver.js'
import { openKoffi } from './c-api/koffi.js'
import { type Hardware, processor } from './hardware.js'
import type { Provider } from './protocol.js'
import { vulkanDevices } from './vulkan-devices.js'

const unknown: Hardware = { name: null, memory: null, kind: null, versions: [] }

/** The hardware behind a provider that computes, asked of the driver; what cannot be found out is null. */
export async function hardwareOf(provider: Provider): Promise<Hardware> {
  try {
    if (provider.name === 'cpu') return processor()
    const koffi = openKoffi()
    if (provider.name === 'cuda') return cudaDevice(koffi, provider.deviceId)
    if (process.platform === 'darwin') return { ...unknown, name: cpus()[0]?.model ?? null, kind: 'integrated' }
    // WebGPU takes the strongest
    const devices = vulkanDevices(koffi)
    return devices.find(({ kind }) => kind === 'discrete') ?? devices[0] ?? unknown
  } catch {
    return unknown
  }
}

/** What is in the way of Vulkan, in its own words; "" where it has devices. */
export async function vulkanProblem(): Promise<string> {
  try {
    return vulkanDevices(openKoffi()).length === 0 ? 'Found no drivers' : ''
  } catch (error) {
    return (error as Error).message
  }
}

/** CUDA's device of that number. */
function cudaDevice(koffi: typeof Koffi, deviceId: number): Hardware {
  const { name, bytes, version, capability } = cudaDeviceFacts(koffi, deviceId)
  const versions = [`CUDA ${Math.floor(version / 1000)}.${Math.floor((version % 1000) / 10)}`]
  return { name, memory: bytes, kind: 'discrete', capability, versions }
}
