import type { TensorData } from '../runtime/engine.js'
import type { DeviceTensor, Runtime } from '../runtime/runtime.js'

/** The matrices that somebody uses, until they are given back. */
export interface UsedMatrices {
  readonly tensors: Readonly<Record<string, DeviceTensor>>
  dispose(): void
}

/**
 * The matrices of whole SAEs on the device: large, and the same for every setting that uses the SAE. Those that nobody uses stay until
 * others are wanted, for the next setting.
 */
export class SaeMatrices {
  readonly #runtime: Runtime
  readonly #kept = new Map<string, { readonly tensor: DeviceTensor; users: number }>()

  constructor(runtime: Runtime) {
    this.#runtime = runtime
  }

  /** Matrices by names that say which SAE's they are. */
  use(wanted: ReadonlyMap<string, TensorData>): UsedMatrices {
    if ([...wanted.keys()].some((name) => !this.#kept.has(name))) this.#forgetUnused(wanted)
    const used = [...wanted].map(([name, data]) => {
      const kept = this.#kept.get(name) ?? { tensor: this.#runtime.upload(data), users: 0 }
      this.#kept.set(name, kept)
      kept.users++
      return [name, kept] as const
    })
    let isUsed = true
    return {
      tensors: Object.fromEntries(used.map(([name, { tensor }]) => [name, tensor])),
      dispose: () => {
        if (isUsed) for (const [, kept] of used) kept.users--
        isUsed = false
      },
    }
  }

  dispose(): void {
    for (const { tensor } of this.#kept.values()) tensor.dispose()
    this.#kept.clear()
  }

  #forgetUnused(wanted: ReadonlyMap<string, TensorData>): void {
    for (const [name, { tensor, users }] of this.#kept) {
      if (users > 0 || wanted.has(name)) continue
      tensor.dispose()
      this.#kept.delete(name)
    }
  }
}
