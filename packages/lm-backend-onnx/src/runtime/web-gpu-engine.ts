import type { InferenceSession, Tensor } from 'onnxruntime-common'
import { convertFloats, isFloatType } from './convert-floats.js'
import type {
  Engine,
  EngineOutput,
  EngineSession,
  EngineTensor,
  FileTensor,
  OpenOptions,
  TensorData,
  TensorDtype,
} from './engine.js'
import { fromTensor, toTensor } from './host-tensor.js'
import { providersOf, type WebGpuDevice, type WebOnnxruntime } from './web-engine.js'

/** GPUBufferUsage: STORAGE, COPY_SRC and COPY_DST. */
const usage = 0x80 | 0x4 | 0x8

/**
 * onnxruntime-web on WebGPU, on the thread that calls it: weights, caches and edits stay in the device's memory. `bytesOf` gives a weights file whole.
 */
export function webGpuEngine(
  { Tensor, InferenceSession }: WebOnnxruntime,
  device: WebGpuDevice,
  bytesOf: (path: string) => Uint8Array,
): Engine {
  const traffic = { bytesUp: 0, copiesUp: 0, bytesDown: 0, copiesDown: 0 }
  const upload = ({ dtype, data, dims }: TensorData): GpuTensor => {
    const most = Math.min(device.limits.maxBufferSize, device.limits.maxStorageBufferBindingSize)
    if (data.byteLength > most)
      throw new Error(
        `a tensor [${dims}] takes ${data.byteLength} bytes, and this browser's WebGPU binds ${most} at most`,
      )
    // shaders read whole words, onnxruntime four of them
    const buffer = device.createBuffer({ size: 16 * Math.ceil(Math.max(1, data.byteLength) / 16), usage })
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    // writes are of whole words, too
    const whole = bytes.length % 4 === 0 ? bytes : new Uint8Array([...bytes, ...Array(4 - (bytes.length % 4)).fill(0)])
    device.queue.writeBuffer(buffer, 0, whole)
    traffic.bytesUp += data.byteLength
    traffic.copiesUp++
    const made = Tensor.fromGpuBuffer(buffer as never, {
      dataType: dtype as never,
      dims,
      dispose: () => buffer.destroy(),
    })
    return new GpuTensor(made)
  }
  const toHost = async (tensor: Tensor): Promise<TensorData> => {
    if (tensor.location !== 'gpu-buffer') return fromTensor(tensor)
    const data = await tensor.getData()
    const { type, dims } = tensor
    tensor.dispose()
    traffic.bytesDown += (data as Uint8Array).byteLength
    traffic.copiesDown++
    return { dtype: type, data, dims } as unknown as TensorData
  }
  return {
    open: async (model, { constants }) => {
      const session = await InferenceSession.create(model, {
        executionProviders: providersOf(device),
        preferredOutputLocation: 'gpu-buffer',
        graphOptimizationLevel: 'all',
        logSeverityLevel: 3,
      })
      return gpuSession(session, constants, { toHost, toTensor: (data) => toTensor(Tensor, data) })
    },
    upload,
    uploadFile: (file, dtype) => upload(fileTensor(file, dtype, bytesOf)),
    memory: () => null,
    traffic: () => ({ ...traffic }),
    close: () => {},
  }
}

/** A tensor of the device. */
class GpuTensor implements EngineTensor {
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

  async read(): Promise<TensorData> {
    const data = await this.tensor.getData()
    return { dtype: this.dtype, data, dims: this.dims } as unknown as TensorData
  }

  dispose(): void {
    this.tensor.dispose()
  }
}

interface Host {
  toHost(tensor: Tensor): Promise<TensorData>
  toTensor(data: TensorData): Tensor
}

function gpuSession(
  session: InferenceSession,
  constants: OpenOptions['constants'],
  { toHost, toTensor }: Host,
): EngineSession {
  return {
    run: async (inputs, outputs) => {
      const feeds = Object.entries({ ...constants, ...inputs }).map(([name, input]) => [
        name,
        'data' in input ? toTensor(input) : asGpu(input).tensor,
      ])
      const computed = await session.run(Object.fromEntries(feeds), Object.keys(outputs))
      const found: Record<string, TensorData | EngineTensor> = {}
      for (const [name, output] of Object.entries(outputs)) {
        const tensor = computed[name]!
        if (output === 'host') found[name] = await toHost(tensor)
        else if (output === 'device') found[name] = new GpuTensor(tensor)
        else found[name] = replaced(output, tensor)
      }
      return found
    },
    dispose: () => session.release(),
  }
}

/** A tensor that was given for an output has the new memory from now on. */
function replaced(output: Exclude<EngineOutput, string>, tensor: Tensor): GpuTensor {
  if ('into' in output) throw new Error('graphs of devices write into parts by themselves')
  const given = asGpu(output)
  given.tensor.dispose()
  given.tensor = tensor
  return given
}

function asGpu(tensor: EngineTensor): GpuTensor {
  if (tensor instanceof GpuTensor) return tensor
  throw new Error('the tensor is one of another engine')
}

/** A weight from its files, as float32: the page's devices need not know smaller numbers. */
function fileTensor(
  { places, dtype: from, dims }: FileTensor,
  dtype: TensorDtype,
  bytesOf: (path: string) => Uint8Array,
): TensorData {
  const parts = places.map(({ path, offset, byteLength }) => bytesOf(path).subarray(offset, offset + byteLength))
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  if (dtype === 'float32' && isFloatType(from))
    return { dtype, data: convertFloats(bytes, from, 'float32') as Float32Array, dims }
  if (dtype === 'uint8' && from === 'uint8') return { dtype, data: bytes, dims }
  throw new Error(`${from} weights are no ${dtype}`)
}
