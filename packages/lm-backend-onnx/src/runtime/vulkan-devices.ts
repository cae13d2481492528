import type * as Koffi from 'koffi'
import type { Hardware } from './hardware.js'

/** Numbers and places of vulkan_core.h, which never change. */
const instanceCreateInfo = 1
const createInfoBytes = 64
const deviceType = { 1: 'integrated', 2: 'discrete', 3: 'discrete', 4: 'processor' } as const
const propertiesBytes = 1024
const memoryPropertiesBytes = 520
const heapsAt = 264
const heapBytes = 16
const deviceLocal = 1

/** The devices of Vulkan's drivers, in their order. Throws where there is no Vulkan. */
export function vulkanDevices(koffi: typeof Koffi): Hardware[] {
  const vulkan = loader(koffi)
  const info = Buffer.alloc(createInfoBytes)
  info.writeUInt32LE(instanceCreateInfo, 0)
  const instance = [null]
  // what the loader answers where there is no driver
  if (vulkan.func('int vkCreateInstance(const void *, const void *, _Out_ void **)')(info, null, instance) !== 0)
    return []
  try {
    const enumerate = vulkan.func('int vkEnumeratePhysicalDevices(void *, _Inout_ uint32_t *, void *)')
    const count = [0]
    enumerate(instance[0], count, null)
    const list = Buffer.alloc(8 * count[0]!)
    enumerate(instance[0], count, list)
    const devices = koffi.decode(list, koffi.array('void *', count[0]!)) as unknown[]
    const [readProperties, readMemory] = ['Properties', 'MemoryProperties'].map((what) =>
      vulkan.func(`void vkGetPhysicalDevice${what}(void *, void *)`),
    )
    return devices.map((device) => {
      const [properties, memory] = [Buffer.alloc(propertiesBytes), Buffer.alloc(memoryPropertiesBytes)]
      readProperties!(device, properties)
      readMemory!(device, memory)
      return deviceOf(properties, memory)
    })
  } finally {
    vulkan.func('void vkDestroyInstance(void *, const void *)')(instance[0], null)
  }
}

/** Vulkan's loader. The error names it, which koffi's does not. */
function loader(koffi: typeof Koffi): Koffi.LibraryHandle {
  const name = process.platform === 'win32' ? 'vulkan-1.dll' : 'libvulkan.so.1'
  try {
    return koffi.load(name)
  } catch (cause) {
    throw new Error((cause as Error).message.replace(/^Failed to load shared library/, name), { cause })
  }
}

/** VkPhysicalDeviceProperties and VkPhysicalDeviceMemoryProperties as a device. */
function deviceOf(properties: Buffer, memory: Buffer): Hardware {
  const version = properties.readUInt32LE(0)
  const heaps = Array.from({ length: memory.readUInt32LE(heapsAt - 4) }, (_, at) => heapsAt + heapBytes * at)
  const own = heaps.filter((heap) => memory.readUInt32LE(heap + 8) & deviceLocal)
  return {
    name: properties.toString('utf8', 20, properties.indexOf(0, 20)),
    memory: own.reduce((sum, heap) => sum + Number(memory.readBigUInt64LE(heap)), 0),
    kind: deviceType[properties.readUInt32LE(16) as keyof typeof deviceType] ?? null,
    versions: [`Vulkan ${(version >>> 22) & 127}.${(version >>> 12) & 1023}.${version & 4095}`],
  }
}
