import { InputError, option, sentence } from '@saeval/hub'
import type { Runtime } from './runtime.js'

/** Bytes of a device's memory for what a model holds beside its weights. */
export interface DeviceRoom {
  /** Activations of one pass. */
  readonly activations: number
  /** Attention matrices of one pass. */
  readonly attention: number
  /** Keys and values of texts that are written side by side. */
  readonly caches: number
  /** What layers below edits leave for several settings. */
  readonly states: number
}

// what allocators lose between blocks, and what others need meanwhile
const usable = 0.9

/**
 * The room beside `weightBytes` of weights that are not on the device yet. `given` is a share of the device's memory up to 1, or bytes; null takes
 * what is free. null where nobody knows how much there is. Throws InputError where the weights alone are too much, or where a share is given and
 * the device does not say of what.
 */
export async function deviceRoom(
  runtime: Runtime,
  weightBytes: number,
  given: number | null,
): Promise<DeviceRoom | null> {
  const memory = await runtime.memory()
  const device = runtime.location
  if (memory === null && given !== null && given <= 1)
    throw new InputError(
      sentence`${device} does not say how much memory it has: give ${option('gpuMemory')} as an amount, such as 8GB`,
    )
  const wanted = given === null ? null : given <= 1 ? given * memory!.total : given
  const free = memory === null ? null : usable * memory.free
  if (wanted === null && free === null) return null
  const whole = Math.min(wanted ?? Number.POSITIVE_INFINITY, free ?? Number.POSITIVE_INFINITY)
  const room = whole - weightBytes
  if (room <= 0)
    throw new InputError(
      sentence`the weights take ${amount(weightBytes)} on ${device}, where ${amount(whole)} may be used: choose a smaller dtype or another device, or give more ${option('gpuMemory')} or end other programs on it`,
    )
  return { activations: room / 4, attention: room / 4, caches: room / 4, states: room / 4 }
}

function amount(bytes: number): string {
  return bytes < 1e8 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`
}
