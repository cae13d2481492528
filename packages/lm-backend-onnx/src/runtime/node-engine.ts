import type {
  Engine,
  EngineOutput,
  EngineSession,
  EngineTensor,
  OpenOptions,
  Part,
  TensorData,
  TensorDtype,
} from './engine.js'
import { env, fromTensor, InferenceSession, type Tensor, toTensor } from './onnxruntime.js'
import type { ThreadOptions } from './protocol.js'

/** Largest constant that is computed when a mapped model loads: gains and biases are, matrices are not. */
const largestFolded = 2 ** 16

/** onnxruntime-node: tensors lie in host memory, and graphs read them in place. */
export function nodeEngine({ provider, threads }: ThreadOptions): Engine {
  // what onnxruntime warns of when it starts (devices it cannot look at) is no user's business
  env.logLevel = 'error'
  return {
    open: async (model, { folder, mapped, constants }) => {
      const session = await InferenceSession.create(model, {
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
      })
      return nodeSession(session, constants)
    },
    upload: (data) => new NodeTensor(toTensor(data)),
    uploadFile: () => {
      throw new Error('onnxruntime-node reads weights by itself, from the files that its graphs name')
    },
    memory: () => null,
    traffic: () => ({ bytesUp: 0, copiesUp: 0, bytesDown: 0, copiesDown: 0 }),
    close: () => {},
  }
}

class NodeTensor implements EngineTensor {
  /** Another one when a run has written to it. */
  tensor: Tensor

  constructor(tensor: Tensor) {
    this.tensor = tensor
  }

  get dtype(): TensorDtype {
    return this.tensor.type as TensorDtype
  }

  get dims(): readonly number[] {
    return this.tensor.dims
  }

  read(): TensorData {
    return fromTensor(this.tensor)
  }

  dispose(): void {
    this.tensor.dispose()
  }
}

function nodeSession(session: InferenceSession, constants: OpenOptions['constants']): EngineSession {
  return {
    run: async (inputs, outputs) => {
      const feeds = Object.entries({ ...constants, ...inputs }).map(([name, input]) => [
        name,
        'data' in input ? toTensor(input) : asNode(input).tensor,
      ])
      const computed = await session.run(Object.fromEntries(feeds), Object.keys(outputs))
      return Object.fromEntries(Object.entries(outputs).map(([name, output]) => [name, put(computed[name]!, output)]))
    },
    dispose: () => session.release(),
  }
}

function put(tensor: Tensor, output: EngineOutput): TensorData | EngineTensor {
  if (output === 'host') return fromTensor(tensor)
  if (output === 'device') return new NodeTensor(tensor)
  if ('into' in output) {
    writeParts(asNode(output.into).tensor, tensor, output.parts)
    return output.into
  }
  asNode(output).tensor = tensor
  return output
}

function asNode(tensor: EngineTensor): NodeTensor {
  if (tensor instanceof NodeTensor) return tensor
  throw new Error('the tensor is one of another engine')
}

/** A cache that sessions read in place is never copied whole. */
function writeParts(cache: Tensor, fresh: Tensor, parts: readonly Part[]): void {
  const [, heads, capacity, ...rest] = cache.dims as [number, number, number, ...number[]]
  const places = fresh.dims[2]!
  const width = rest.reduce((product, size) => product * size, 1)
  const to = cache.data as Float32Array
  const from = fresh.data as Float32Array
  for (const { row, at, count, toRow, toAt } of parts) {
    for (let head = 0; head < heads; head++) {
      const start = ((row * heads + head) * places + at) * width
      to.set(from.subarray(start, start + count * width), ((toRow * heads + head) * capacity + toAt) * width)
    }
  }
}
