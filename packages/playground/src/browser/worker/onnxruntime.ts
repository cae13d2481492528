import type { WebOnnxruntime } from '@saeval/lm-backend-onnx'
import * as onnxruntime from 'onnxruntime-web/wasm'

/** onnxruntime-web with its WebAssembly given: one thread (more need headers that files do not have), no request, no word. */
export function setUpOnnxruntime(wasm: Uint8Array<ArrayBuffer>): WebOnnxruntime {
  const { env } = onnxruntime
  env.wasm.wasmBinary = wasm.buffer
  env.wasm.numThreads = 1
  env.wasm.proxy = false
  env.logLevel = 'error'
  return onnxruntime
}
