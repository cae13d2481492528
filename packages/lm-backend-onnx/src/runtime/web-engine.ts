import type { InferenceSession, InferenceSessionFactory, TensorConstructor } from 'onnxruntime-common'
import { externalBytes } from '../onnx/external-bytes.js'
import { GraphBuilder } from '../onnx/graph-builder.js'
import type { Engine } from './engine.js'
import { hostEngine } from './host-engine.js'
import { SessionRoom } from './session-room.js'

/** What a page has of onnxruntime-web: its module, set up (env.wasm) by the page. */
export interface WebOnnxruntime {
  readonly Tensor: TensorConstructor
  readonly InferenceSession: InferenceSessionFactory
}

/** What is used of a browser's GPUDevice. */
export interface WebGpuDevice {
  readonly limits: { readonly maxBufferSize: number; readonly maxStorageBufferBindingSize: number }
  readonly queue: { writeBuffer(buffer: WebGpuBuffer, at: number, data: Uint8Array): void }
  createBuffer(options: { readonly size: number; readonly usage: number }): WebGpuBuffer
}

export interface WebGpuBuffer {
  destroy(): void
}

/** What computes: WebGPU on a device, or WebAssembly where that is null. */
export function providersOf(device: WebGpuDevice | null): InferenceSession.ExecutionProviderConfig[] {
  return device === null ? ['wasm'] : [{ name: 'webgpu', device } as never]
}

/** A file that graphs read weights from, by the name that they give it. */
export interface WebWeightFile {
  readonly path: string
  readonly data: Uint8Array
}

/**
 * onnxruntime-web, on the thread that calls it. `filesOf` gives the weights files below a folder, of which each session copies what its graph names:
 * WebAssembly has a memory of its own. Sessions hold `mostBytes` of copies together: for another one those that were used longest ago are closed, and opened again
 * when they are to run.
 */
export function webEngine(
  { Tensor, InferenceSession }: WebOnnxruntime,
  filesOf: (folder: string) => readonly WebWeightFile[],
  mostBytes: number,
): Engine {
  const room = new SessionRoom<InferenceSession>(mostBytes)
  return hostEngine(Tensor, async (model, { folder }) => {
    const options: InferenceSession.SessionOptions = {
      executionProviders: providersOf(null),
      graphOptimizationLevel: 'all',
      logSeverityLevel: 3,
      ...(folder === null ? {} : { externalData: [...filesOf(folder)] }),
    }
    const session = await room.opened(await externalBytes(model), () => InferenceSession.create(model, options))
    return {
      run: async (feeds, outputs) => (await session.use()).run(feeds, outputs),
      release: () => session.release(),
    }
  })
}

/** Compiles and starts the WebAssembly before there is a model, by opening a graph of one node, on a device too. Rejects where that cannot be started. */
export async function warmUp({ InferenceSession }: WebOnnxruntime, device: WebGpuDevice | null): Promise<void> {
  const graph = new GraphBuilder()
  const x = graph.input('x', 'float32', [1])
  graph.output(graph.node('Add', [x, x]), 'sum', 'float32', [1])
  const session = await InferenceSession.create(graph.build(), { executionProviders: providersOf(device) })
  await session.release()
}
