import { cpus } from 'node:os'
import type * as Koffi from 'koffi'
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

/** CUDA's device of that number, by the driver's API: cuda.h. */
function cudaDevice(koffi: typeof Koffi, deviceId: number): Hardware {
  const driver = koffi.load(process.platform === 'win32' ? 'nvcuda.dll' : 'libcuda.so.1')
  const succeeds = (declaration: string, ...given: unknown[]) => {
    if (driver.func(declaration)(...given) !== 0) throw new Error(declaration)
  }
  succeeds('int cuInit(unsigned int)', 0)
  const [device, version, bytes] = [[0], [0], [0]] as [[number], [number], [number | bigint]]
  succeeds('int cuDeviceGet(_Out_ int *, int)', device, deviceId)
  succeeds('int cuDriverGetVersion(_Out_ int *)', version)
  succeeds('int cuDeviceTotalMem_v2(_Out_ size_t *, int)', bytes, device[0])
  const name = Buffer.alloc(256)
  succeeds('int cuDeviceGetName(void *, int, int)', name, name.length, device[0])
  return {
    name: name.toString('utf8', 0, name.indexOf(0)),
    memory: Number(bytes[0]),
    kind: 'discrete',
    versions: [`CUDA ${Math.floor(version[0] / 1000)}.${Math.floor((version[0] % 1000) / 10)}`],
  }
}
