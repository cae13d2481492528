import type { EngineTensor, TensorData, TensorDtype } from '../engine.js'
import type { Pointer } from './ort-api.js'
import type { OrtDevice } from './ort-device.js'

/** A tensor of a device: an OrtValue that it owns. */
export class OrtTensor implements EngineTensor {
  #value: Pointer | null

  constructor(
    private readonly device: OrtDevice,
    value: Pointer,
    readonly dtype: TensorDtype,
    readonly dims: readonly number[],
  ) {
    this.#value = value
    device.tensors.add(this)
  }

  /** The OrtValue. Throws where the tensor was disposed: its memory may be another's by now. */
  get value(): Pointer {
    if (this.#value === null) throw new Error(`a tensor [${this.dims}] is used after it was disposed`)
    return this.#value
  }

  read(): TensorData {
    return this.device.read(this.value, this.dtype, this.dims)
  }

  dispose(): void {
    if (this.#value !== null) this.device.api.ReleaseValue(this.#value)
    this.#value = null
    this.device.tensors.delete(this)
  }
}
