import { availableParallelism, cpus, totalmem } from 'node:os'

/** What a device is, as far as somebody tells. */
export interface Hardware {
  /** "NVIDIA H200"; null where nobody tells. */
  readonly name: string | null
  /** Bytes of its memory; null where nobody tells. */
  readonly memory: number | null
  /** Whether it is a GPU with memory of its own or of the machine's one, or a processor that plays one. */
  readonly kind: 'discrete' | 'integrated' | 'processor' | null
  /** The generation of an NVIDIA GPU: "9.0"; absent for others. */
  readonly capability?: string
  /** Versions of what it is used by: "CUDA 13.0", "Vulkan 1.4.305". */
  readonly versions: readonly string[]
}

/** What the machine's processor is called; null where the system does not say. */
export function processorName(): string | null {
  return cpus()[0]?.model.trim() || null
}

/** The machine's processor. */
export function processor(): Hardware {
  const model = processorName()
  const threads = availableParallelism()
  const name = [...(model ? [model] : []), `${threads} thread${threads === 1 ? '' : 's'}`].join(', ')
  return { name, memory: totalmem(), kind: 'processor', versions: [] }
}
