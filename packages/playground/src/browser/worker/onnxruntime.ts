import type { WebOnnxruntime } from '@saeval/lm-backend-onnx'
import type { Env } from 'onnxruntime-common'

declare global {
  /** onnxruntime-web: its script stands before the worker's own. */
  var onnxruntime: WebOnnxruntime & { readonly env: Env }
}

/** onnxruntime-web with its WebAssembly given: one thread (more need headers that files do not have), no request, no word. */
export function setUpOnnxruntime(wasm: Uint8Array<ArrayBuffer>): WebOnnxruntime {
  const { env } = globalThis.onnxruntime
  env.wasm.wasmBinary = wasm.buffer
  env.wasm.numThreads = 1
  env.wasm.proxy = false
  env.logLevel = 'error'
  return globalThis.onnxruntime
}
