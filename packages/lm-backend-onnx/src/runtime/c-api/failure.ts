import { OutOfMemory } from '../engine.js'

/** What providers say when there is no room: onnxruntime's arena, CUDA and cuBLAS, Vulkan and Dawn, Direct3D. */
const noRoom =
  /out of memory|OUT_OF_(DEVICE_|HOST_)?MEMORY|failed to allocate memory|not enough memory|available memory of .* is smaller|ALLOC_FAILED|exceeds the max(imum)? buffer size|8007000E/i

/** An error of onnxruntime as the engine's: OutOfMemory where the device has no room, else itself. */
export function failure(error: unknown): unknown {
  if (error instanceof Error && noRoom.test(error.message)) return new OutOfMemory(error.message, { cause: error })
  return error
}
