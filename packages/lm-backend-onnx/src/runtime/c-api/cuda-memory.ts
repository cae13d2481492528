import type * as Koffi from 'koffi'
import type { DeviceMemory } from '../engine.js'

/** CUDA's runtime library by the names that its versions have: the provider has loaded one of them. */
const libraries =
  process.platform === 'win32'
    ? ['cudart64_13.dll', 'cudart64_12.dll']
    : ['libcudart.so.13', 'libcudart.so.12', 'libcudart.so']

/** Memory of a CUDA device; null where CUDA's runtime cannot be asked. */
export function cudaMemory(koffi: typeof Koffi, deviceId: number): DeviceMemory | null {
  for (const library of libraries) {
    try {
      const cuda = koffi.load(library)
      const sizes = { free: new BigUint64Array(1), total: new BigUint64Array(1) }
      if (cuda.func('cudaSetDevice', 'int', ['int'])(deviceId) !== 0) return null
      if (cuda.func('cudaMemGetInfo', 'int', ['void *', 'void *'])(sizes.free, sizes.total) !== 0) return null
      return { free: Number(sizes.free[0]), total: Number(sizes.total[0]) }
    } catch {
      // not this version
    }
  }
  return null
}
