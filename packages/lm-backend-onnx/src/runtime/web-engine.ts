import type { InferenceSession, InferenceSessionFactory, TensorConstructor } from 'onnxruntime-common'
import { GraphBuilder } from '../onnx/graph-builder.js'
import type { Engine } from './engine.js'
import { hostEngine } from './host-engine.js'

/** What a page has of onnxruntime-web: its module, set up (env.wasm) by the page. */
export interface WebOnnxruntime {
  readonly Tensor: TensorConstructor
  readonly InferenceSession: InferenceSessionFactory
}

/** A file that graphs read weights from, by the name that they give it. */
export interface WebWeightFile {
  readonly path: string
  readonly data: Uint8Array
}

/**
 * onnxruntime-web, on the thread that calls it. `filesOf` gives the weights files below a folder, of which each session copies what its graph names:
 * WebAssembly has a memory of its own.
 */
export function webEngine(
  { Tensor, InferenceSession }: WebOnnxruntime,
  filesOf: (folder: string) => readonly WebWeightFile[],
): Engine {
  return hostEngine(Tensor, (model, { folder }) => {
    const options: InferenceSession.SessionOptions = {
      executionProviders: ['wasm'],
      graphOptimizationLevel: 'all',
      logSeverityLevel: 3,
      ...(folder === null ? {} : { externalData: [...filesOf(folder)] }),
    }
    return InferenceSession.create(model, options)
  })
}

/** Compiles and starts the WebAssembly before there is a model, by opening a graph of one node. Rejects where it cannot be started. */
export async function warmUp({ InferenceSession }: WebOnnxruntime): Promise<void> {
  const graph = new GraphBuilder()
  const x = graph.input('x', 'float32', [1])
  graph.output(graph.node('Add', [x, x]), 'sum', 'float32', [1])
  const session = await InferenceSession.create(graph.build(), { executionProviders: ['wasm'] })
  await session.release()
}
