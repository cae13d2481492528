import { GraphBuilder } from '../../onnx/graph-builder.js'
import type { DeviceMemory, Engine, EngineTensor, FileTensor, OpenOptions, TensorData, TensorDtype } from '../engine.js'
import type { ThreadOptions } from '../protocol.js'
import { BoundSession } from './bound-session.js'
import { elementBytes, elementCount } from './element-types.js'
import { libraryFile } from './library-file.js'
import { openOrtApi } from './ort-api.js'
import { OrtDevice } from './ort-device.js'
import { OrtTensor } from './ort-tensor.js'
import { fileParts } from './read-file.js'

/**
 * An engine over onnxruntime's C API: tensors stay on the device, runs bind them. Every call blocks the thread until it is done. Rejects with
 * InputError where the library or koffi is missing, or where the library lacks the provider, and with the provider's words where it does not start.
 */
export async function cApiEngine({ provider, threads }: ThreadOptions): Promise<Engine> {
  const library = libraryFile()
  return new CApiEngine(new OrtDevice(openOrtApi(library), { provider, threads, library }))
}

/** Bytes of the smallest tensor that is looked after on WebGPU: memory runs out at large ones. */
const smallestChecked = 2 ** 20

const unbound: OpenOptions = { folder: null, mapped: false, constants: {} }

/** The first number of a tensor of so many axes. */
function firstOf(dtype: 'float32' | 'float16', axes: number): Uint8Array {
  const graph = new GraphBuilder()
  const x = graph.input(
    'x',
    dtype,
    Array.from({ length: axes }, (_, axis) => `N${axis}`),
  )
  const [starts, ends] = [0, 1].map((place) => graph.ints(new Array<number>(axes).fill(place)))
  graph.output(graph.node('Slice', [x, starts!, ends!]), 'y', dtype, new Array<number>(axes).fill(1))
  return graph.build()
}

class CApiEngine implements Engine {
  readonly #sessions = new Set<BoundSession>()
  readonly #placeholder: OrtTensor
  /** What reads a tensor's first number, by type and axes. */
  readonly #readers = new Map<string, BoundSession>()

  constructor(private readonly device: OrtDevice) {
    this.#placeholder = new OrtTensor(device, device.allocate('float32', [1]), 'float32', [1])
  }

  async open(model: Uint8Array, options: OpenOptions): Promise<BoundSession> {
    const opened = this.device.openSession(model, options)
    const session = new BoundSession(this.device, opened, options.constants, this.#placeholder, () =>
      this.#sessions.delete(session),
    )
    this.#sessions.add(session)
    return session
  }

  upload(data: TensorData): EngineTensor | Promise<EngineTensor> {
    const tensor = this.#allocate(data.dtype, data.dims)
    try {
      this.device.write(tensor.value, data)
    } catch (error) {
      tensor.dispose()
      throw error
    }
    return this.#checked(tensor)
  }

  uploadFile(file: FileTensor, dtype: TensorDtype): EngineTensor | Promise<EngineTensor> {
    const tensor = this.#allocate(dtype, file.dims)
    try {
      for (const { start, data } of fileParts(file, dtype, this.device.partBytes))
        this.device.writePart(tensor.value, start, data, file.dims)
    } catch (error) {
      tensor.dispose()
      throw error
    }
    return this.#checked(tensor)
  }

  /** The tensor, if it is there: WebGPU tells only in a run whether there was memory for it. Rejects, and gives it back, where there was not. */
  #checked(tensor: OrtTensor): EngineTensor | Promise<EngineTensor> {
    const { dtype, dims } = tensor
    const bytes = elementCount(dims) * elementBytes(dtype)
    const isTold = this.device.isAddressed || bytes < smallestChecked || !(dtype === 'float32' || dtype === 'float16')
    return isTold ? tensor : this.#readOne(tensor, dtype)
  }

  async #readOne(tensor: OrtTensor, dtype: 'float32' | 'float16'): Promise<EngineTensor> {
    const kind = `${dtype} ${tensor.dims.length}`
    try {
      const reader = this.#readers.get(kind) ?? (await this.open(firstOf(dtype, tensor.dims.length), unbound))
      this.#readers.set(kind, reader)
      await reader.run({ x: tensor }, { y: 'device' }).then(({ y }) => (y as EngineTensor).dispose())
      return tensor
    } catch (error) {
      tensor.dispose()
      throw error
    }
  }

  #allocate(dtype: TensorDtype, dims: readonly number[]): OrtTensor {
    return new OrtTensor(this.device, this.device.allocate(dtype, dims), dtype, dims)
  }

  memory(): DeviceMemory | null {
    return this.device.size()
  }

  traffic() {
    return { ...this.device.traffic }
  }

  close(): void {
    for (const session of this.#sessions) session.dispose()
    this.device.close()
  }
}
