/**
 * Uniform numbers in [0, 1), multiples of 2^-32, from a 32-bit seed (mulberry32, public domain by Tommy Ettinger): the same everywhere. What is
 * drawn from them is saeval's own; where results follow Python's draws, packages/python has its generator.
 */
export function seededUniform(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
