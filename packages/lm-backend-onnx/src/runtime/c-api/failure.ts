import { OutOfMemory } from '../out-of-memory.js'

/**
 * What providers say when there is no room: onnxruntime's arena, CUDA and cuBLAS, Vulkan and Dawn, Direct3D. cuBLAS and
 * cuDNN cannot be initialised in a session on a card that is full, once they have started. A buffer that Dawn cannot make is
 * invalid wherever it is used later, and one that is larger than a binding is bound in parts, of which a shader takes few.
 */
const noRoom =
  /out of memory|OUT_OF_(DEVICE_|HOST_)?MEMORY|failed to allocate memory|not enough memory|available memory of .* is smaller|ALLOC_FAILED|CU(BLAS|DNN)_STATUS_NOT_INITIALIZED|exceeds the max(imum)? buffer size|Too many storage buffers|\[Invalid (Command)?Buffer|8007000E/i

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
