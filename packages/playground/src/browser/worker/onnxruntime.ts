import type { WebOnnxruntime } from '@saeval/lm-backend-onnx'
import type { Env } from 'onnxruntime-common'

declare global {
  /** onnxruntime-web: its script stands before the worker's own. */
  var onnxruntime: WebOnnxruntime & { readonly env: Env }
}

/** onnxruntime-web with its WebAssembly given: one thread (more need headers that files do not have), no request, no word. */
export function setUpOnnxruntime(module: WebAssembly.Module): WebOnnxruntime {
  const { env } = globalThis.onnxruntime
  // it would compile bytes, and is given what the page has compiled for all workers
  const { instantiate } = WebAssembly
  const given = async (_bytes: BufferSource, imports: WebAssembly.Imports) => {
    return { module, instance: await instantiate(module, imports) }
  }
  WebAssembly.instantiate = given as typeof instantiate
  env.wasm.wasmBinary = new ArrayBuffer(0)
  env.wasm.numThreads = 1
  env.wasm.proxy = false
  env.logLevel = 'error'
  return globalThis.onnxruntime
}
