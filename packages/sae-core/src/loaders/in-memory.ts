import type { SaeArray } from './sae-array.js'

/** A tensor whose numbers are at hand, row-major. Throws Error where they are not as many as the shape says. */
export function inMemory(shape: readonly number[], numbers: Float32Array): SaeArray {
  const count = shape.reduce((product, size) => product * size, 1)
  if (numbers.length !== count) throw new Error(`a tensor of shape [${shape}] has ${numbers.length} numbers`)
  return {
    shape,
    all: async () => numbers.slice(),
    slices: async (axis, indices) => {
      const after = shape.slice(axis + 1).reduce((product, size) => product * size, 1)
      const size = shape[axis]!
      return indices.map((index) => {
        const slice = new Float32Array(count / size)
        for (let at = 0; at < slice.length; at++)
          slice[at] = numbers[(Math.floor(at / after) * size + index) * after + (at % after)]!
        return slice
      })
    },
  }
}
