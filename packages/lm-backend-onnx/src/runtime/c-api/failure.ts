import { OutOfMemory } from '../out-of-memory.js'

/** What providers say when there is no room: onnxruntime's arena, CUDA and cuBLAS, Vulkan and Dawn, Direct3D. */
const noRoom =
  /out of memory|OUT_OF_(DEVICE_|HOST_)?MEMORY|failed to allocate memory|not enough memory|available memory of .* is smaller|ALLOC_FAILED|exceeds the max(imum)? buffer size|8007000E/i

/** A place in onnxruntime's code and the condition that was not met there, or the number and name of a status, before what is meant. */
const provenance = /^.*\[ONNXRuntimeError\] : \d+ : \w+ : |^\S+\.(cc|h|cpp):\d+ .* was false\. /

/** What a status of onnxruntime says, in one line. */
export function statusText(message: string): string {
  return message.replace(/\s+/g, ' ').trim().replace(provenance, '')
}

/** An error of onnxruntime as the engine's: OutOfMemory where the device has no room, else itself. */
export function failure(error: unknown): unknown {
  if (error instanceof Error && noRoom.test(error.message)) return new OutOfMemory(error.message, { cause: error })
  return error
}
