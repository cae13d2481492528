import type { DeviceTensor } from '../runtime/runtime.js'

/** Hidden states [rows, d_model] before the final norm, on the device; whoever let them be computed owns them. */
export interface HiddenStates {
  readonly tensor: DeviceTensor
  readonly rows: number
  /** Resolves when they are computed. */
  readonly ready: Promise<void>
  dispose(): void
}
