import type { WebOnnxruntime } from '@saeval/lm-backend-onnx'
import type { Env } from 'onnxruntime-common'
import type { Runtime } from '../protocol.js'

declare global {
  /** What onnxruntime-web's script makes. */
  var onnxruntime: WebOnnxruntime & { readonly env: Env }
  /** A worker's own, which the types of pages lack. */
  function importScripts(url: string): void
}

/** A worker's onnxruntime-web, and the same for other workers. */
export interface StartedRuntime {
  readonly onnxruntime: WebOnnxruntime
  readonly runtime: Runtime
}

/** Starts onnxruntime-web in a worker: one thread (more need headers that files do not have), no request, no word. Its WebAssembly is compiled while it is unpacked. */
export async function startOnnxruntime({ script, wasm }: Runtime): Promise<StartedRuntime> {
  const compiling = wasm instanceof WebAssembly.Module ? wasm : compile(wasm)
  const url = URL.createObjectURL(new Blob([script], { type: 'text/javascript' }))
  importScripts(url)
  URL.revokeObjectURL(url)
  const module = await compiling
  const { env } = globalThis.onnxruntime
  // it would compile bytes, and is given what is compiled
  const { instantiate } = WebAssembly
  const given = async (_bytes: BufferSource, imports: WebAssembly.Imports) => {
    return { module, instance: await instantiate(module, imports) }
  }
  WebAssembly.instantiate = given as typeof instantiate
  env.wasm.wasmBinary = new ArrayBuffer(0)
  env.wasm.numThreads = 1
  env.wasm.proxy = false
  env.logLevel = 'error'
  return { onnxruntime: globalThis.onnxruntime, runtime: { script, wasm: module } }
}

async function compile(packed: Uint8Array<ArrayBuffer>): Promise<WebAssembly.Module> {
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'))
  return WebAssembly.compileStreaming(new Response(stream, { headers: { 'content-type': 'application/wasm' } }))
}
