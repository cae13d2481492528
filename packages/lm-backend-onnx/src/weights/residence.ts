import type { Provider } from '../runtime/protocol.js'

/**
 * Where weights are while the model computes.
 * - mapped: in the safetensors files, which the operating system maps into memory; converted to float32 where they are used.
 * - packed: float32 copies on the CPU, in the order that onnxruntime's matrix products read fastest.
 * - device: in a device's memory, in 16 bits where they are stored so.
 */
export type Residence = 'mapped' | 'packed' | 'device'

/**
 * Bytes of float32. Copies of small models are made in no time, and short inputs run up to half again as fast on them. Copies of large ones
 * would take their time and memory at every start, for up to 15 % in forward passes of hundreds of tokens (bench/loading.md).
 */
export const largestPacked = 2 ** 28

/** Where the weights of a model go, from the number of bytes that they take in float32. */
export function residenceOf(provider: Provider, floatBytes: number, packUpTo: number): Residence {
  if (provider.name !== 'cpu') return 'device'
  return floatBytes <= packUpTo ? 'packed' : 'mapped'
}
