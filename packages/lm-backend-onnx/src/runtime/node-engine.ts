import type { Engine } from './engine.js'
import { hostEngine } from './host-engine.js'
import { env, InferenceSession, Tensor } from './onnxruntime.js'
import type { ThreadOptions } from './protocol.js'

/** Largest constant that is computed when a mapped model loads: gains and biases are, matrices are not. */
const largestFolded = 2 ** 16

/** onnxruntime-node: tensors lie in host memory, and graphs read them in place. */
export function nodeEngine({ provider, threads }: ThreadOptions): Engine {
  // what onnxruntime warns of when it starts (devices it cannot look at) is no user's business
  env.logLevel = 'error'
  return hostEngine(Tensor, (model, { folder, mapped }) =>
    InferenceSession.create(model, {
      executionProviders: [provider],
      graphOptimizationLevel: 'all',
      logSeverityLevel: 3,
      ...(threads === null ? {} : { intraOpNumThreads: threads }),
      extra: {
        session: {
          ...(folder === null ? {} : { model_external_initializers_file_folder_path: folder }),
          ...(mapped ? { disable_prepacking: '1' } : {}),
        },
        ...(mapped ? { optimization: { constant_folding_max_output_size_in_bytes: String(largestFolded) } } : {}),
      },
    }),
  )
}
