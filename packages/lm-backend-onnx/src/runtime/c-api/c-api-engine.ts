import type { DeviceMemory, Engine, EngineTensor, FileTensor, OpenOptions, TensorData, TensorDtype } from '../engine.js'
import type { ThreadOptions } from '../protocol.js'
import { BoundSession } from './bound-session.js'
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

class CApiEngine implements Engine {
  readonly #sessions = new Set<BoundSession>()
  readonly #placeholder: OrtTensor

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

  upload(data: TensorData): EngineTensor {
    const tensor = this.#allocate(data.dtype, data.dims)
    try {
      this.device.write(tensor.value, data)
    } catch (error) {
      tensor.dispose()
      throw error
    }
    return tensor
  }

  uploadFile(file: FileTensor, dtype: TensorDtype): EngineTensor {
    const tensor = this.#allocate(dtype, file.dims)
    try {
      for (const { start, data } of fileParts(file, dtype, this.device.partBytes))
        this.device.writePart(tensor.value, start, data, file.dims)
    } catch (error) {
      tensor.dispose()
      throw error
    }
    return tensor
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
