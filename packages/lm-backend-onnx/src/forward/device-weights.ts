import { join } from '@saeval/hub/internal/disk'
import type { GraphWeight } from '../graph/weight-values.js'
import type { ElementType } from '../onnx/encode-model.js'
import type { FileTensor, TensorDtype } from '../runtime/engine.js'
import type { DeviceTensor, Runtime } from '../runtime/runtime.js'

/** The weights of a model on its device: one copy of each, which all of its graphs share. */
export class DeviceWeights {
  readonly #runtime: Runtime
  readonly #folder: string
  readonly #tensors = new Map<string, DeviceTensor>()

  /** `folder` is the one that the tensors' locations are relative to. */
  constructor(runtime: Runtime, folder: string) {
    this.#runtime = runtime
    this.#folder = folder
  }

  /** A graph's weights by the names of its inputs; those that no graph has asked for so far are read from their files, one after the other. */
  of(weights: readonly GraphWeight[]): Readonly<Record<string, DeviceTensor>> {
    return Object.fromEntries(
      weights.map((weight) => {
        const tensor =
          this.#tensors.get(weight.input) ?? this.#runtime.uploadFile(this.#file(weight), dtypeOf(weight.type))
        this.#tensors.set(weight.input, tensor)
        return [weight.input, tensor]
      }),
    )
  }

  #file({ tensors, shape, precision }: GraphWeight): FileTensor {
    const [{ type }] = tensors as [(typeof tensors)[number]]
    return {
      places: tensors.map(({ location, offset, byteLength }) => ({
        path: join(this.#folder, location),
        offset,
        byteLength,
      })),
      dtype: dtypeOf(type),
      dims: shape,
      ...(precision === 'float32' || type === 'uint8' ? {} : { rounded: precision }),
    }
  }

  dispose(): void {
    for (const tensor of this.#tensors.values()) tensor.dispose()
    this.#tensors.clear()
  }
}

function dtypeOf(type: ElementType): TensorDtype {
  if (type === 'float64') throw new Error('no weights are float64')
  return type
}
