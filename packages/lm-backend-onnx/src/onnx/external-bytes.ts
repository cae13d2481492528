import { decodeModel } from './decode-model.js'

/** Bytes that a graph reads from files beside it: those of its weights, each place once. */
export async function externalBytes(model: Uint8Array): Promise<number> {
  const { tensors } = await decodeModel({
    name: 'the graph',
    byteLength: model.length,
    seekCost: 1,
    read: async (offset, length) => model.subarray(offset, offset + length),
    fetchWhole: async () => {},
    close: async () => {},
  })
  const places = new Map<string, number>()
  for (const { place } of tensors)
    if (place !== null && place !== 'here') places.set(`${place.location} ${place.offset}`, place.length)
  return [...places.values()].reduce((sum, length) => sum + length, 0)
}
