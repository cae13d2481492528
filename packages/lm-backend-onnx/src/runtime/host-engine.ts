import type { InferenceSession, Tensor, TensorConstructor } from 'onnxruntime-common'
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
import { fromTensor, toTensor } from './host-tensor.js'

/** What is used of onnxruntime's session. */
export interface HostRunner {
  run(feeds: InferenceSession.FeedsType, outputs: readonly string[]): Promise<InferenceSession.ReturnType>
  release(): Promise<void>
}

/**
 * An engine whose tensors lie in the host's memory: graphs read them in place, and weights from the files that they name. `Tensor` and the sessions
 * that `open` opens are those of one copy of onnxruntime's JavaScript.
 */
export function hostEngine(
  Tensor: TensorConstructor,
  open: (model: Uint8Array, options: OpenOptions) => Promise<HostRunner>,
): Engine {
  return {
    open: async (model, options) => hostSession(Tensor, await open(model, options), options.constants),
    upload: (data) => new HostTensor(toTensor(Tensor, data)),
    uploadFile: () => {
      throw new Error('onnxruntime reads weights by itself here, from the files that its graphs name')
    },
    memory: () => null,
    traffic: () => ({ bytesUp: 0, copiesUp: 0, bytesDown: 0, copiesDown: 0 }),
    close: () => {},
  }
}

class HostTensor implements EngineTensor {
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

function hostSession(
  Tensor: TensorConstructor,
  session: HostRunner,
  constants: OpenOptions['constants'],
): EngineSession {
  return {
    run: async (inputs, outputs) => {
      const feeds = Object.entries({ ...constants, ...inputs }).map(([name, input]) => [
        name,
        'data' in input ? toTensor(Tensor, input) : asHost(input).tensor,
      ])
      const computed = await session.run(Object.fromEntries(feeds), Object.keys(outputs))
      return Object.fromEntries(Object.entries(outputs).map(([name, output]) => [name, put(computed[name]!, output)]))
    },
    dispose: () => session.release(),
  }
}

function put(tensor: Tensor, output: EngineOutput): TensorData | EngineTensor {
  if (output === 'host') return fromTensor(tensor)
  if (output === 'device') return new HostTensor(tensor)
  if ('into' in output) {
    writeParts(asHost(output.into).tensor, tensor, output.parts)
    return output.into
  }
  asHost(output).tensor = tensor
  return output
}

function asHost(tensor: EngineTensor): HostTensor {
  if (tensor instanceof HostTensor) return tensor
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
