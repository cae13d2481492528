import { InputError, option, sentence } from '@saeval/hub'
import type { DeviceMemory } from './engine.js'
import type { Hardware } from './hardware.js'
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

/** What each part takes at most where nobody says how much is free. */
export const unknownRoom: DeviceRoom = { activations: 2 ** 29, attention: 2 ** 30, caches: 2 ** 30, states: 2 ** 30 }

/** The weights alone are more than the device's memory. */
export class WeightsTooLarge extends InputError {
  /** What is wrong with the device, as a clause without a capital. */
  constructor(
    readonly fault: string,
    message: ConstructorParameters<typeof InputError>[0],
  ) {
    super(message)
  }
}

/**
 * The room beside `weightBytes` of weights that are not on the device yet. `given` is a share of the device's memory up to 1, or bytes; null takes
 * what is free. Where nobody knows how much is free, all of it may be, and parts are no larger than unknownRoom; null where nobody knows how much
 * there is either. Throws WeightsTooLarge where the weights alone are too much, and InputError where a share is given and nobody says of what.
 */
export async function deviceRoom(
  runtime: Runtime,
  weightBytes: number,
  given: number | null,
  hardware: Pick<Hardware, 'kind' | 'memory'>,
): Promise<DeviceRoom | null> {
  const told = await runtime.memory()
  const memory = told ?? ofHardware(hardware)
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
  if (room <= 0) {
    const [weights, most] = [amount(weightBytes), amount(whole)]
    throw new WeightsTooLarge(
      `the weights take ${weights} and ${most} of its memory may be used`,
      sentence`the weights take ${weights} on ${device}, where ${most} may be used: choose a smaller dtype or another device, or give more ${option('gpuMemory')} or end other programs on it`,
    )
  }
  const part = (most: number) => (told === null && wanted === null ? Math.min(room / 4, most) : room / 4)
  const { activations, attention, caches, states } = unknownRoom
  return {
    activations: part(activations),
    attention: part(attention),
    caches: part(caches),
    states: part(states),
  }
}

/** A GPU's own memory, of which nobody says how much is free; null of others: they take what the machine has. */
function ofHardware({ kind, memory }: Pick<Hardware, 'kind' | 'memory'>): DeviceMemory | null {
  return kind === 'discrete' && memory !== null ? { total: memory, free: memory } : null
}

function amount(bytes: number): string {
  return bytes < 1e8 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`
}
