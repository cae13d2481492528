import { createHash } from 'node:crypto'

const n = 624
const m = 397

/**
 * Python's random.Random: the Mersenne Twister MT19937 (Matsumoto and Nishimura, 1998) with CPython's seeding and its ways to draw
 * (Modules/_randommodule.c, Lib/random.py), so that few-shot examples and bootstraps are the same ones.
 */
export class PyRandom {
  readonly #state = new Uint32Array(n)
  #index = n

  constructor(seed: number | bigint | string) {
    this.#seedByArray(keyOf(seed))
  }

  /** 32 random bits. */
  #next(): number {
    if (this.#index === n) this.#twist()
    let y = this.#state[this.#index++]!
    y ^= y >>> 11
    y ^= (y << 7) & 0x9d2c5680
    y ^= (y << 15) & 0xefc60000
    return (y ^ (y >>> 18)) >>> 0
  }

  #twist(): void {
    const state = this.#state
    for (let i = 0; i < n; i++) {
      const y = (state[i]! & 0x80000000) | (state[(i + 1) % n]! & 0x7fffffff)
      state[i] = state[(i + m) % n]! ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0)
    }
    this.#index = 0
  }

  #seedByArray(key: readonly number[]): void {
    const state = this.#state
    state[0] = 19650218
    for (let i = 1; i < n; i++) {
      const previous = state[i - 1]! ^ (state[i - 1]! >>> 30)
      state[i] = Math.imul(1812433253, previous) + i
    }
    let i = 1
    const step = () => {
      if (++i < n) return
      state[0] = state[n - 1]!
      i = 1
    }
    for (let k = 0; k < Math.max(n, key.length); k++) {
      const previous = state[i - 1]! ^ (state[i - 1]! >>> 30)
      const j = k % key.length
      state[i] = (state[i]! ^ Math.imul(previous, 1664525)) + key[j]! + j
      step()
    }
    for (let k = 0; k < n - 1; k++) {
      const previous = state[i - 1]! ^ (state[i - 1]! >>> 30)
      state[i] = (state[i]! ^ Math.imul(previous, 1566083941)) - i
      step()
    }
    state[0] = 0x80000000
  }

  /** random(): a float in [0, 1) with 53 bits. */
  random(): number {
    const a = this.#next() >>> 5
    const b = this.#next() >>> 6
    return (a * 67108864 + b) / 9007199254740992
  }

  /** _randbelow: a whole number in [0, limit). */
  randbelow(limit: number): number {
    const bits = 32 - Math.clz32(limit)
    for (;;) {
      const drawn = this.#next() >>> (32 - bits)
      if (drawn < limit) return drawn
    }
  }

  /** sample(population, k): k different members in the order drawn. */
  sample<Item>(population: readonly Item[], k: number): Item[] {
    const size = population.length
    if (k < 0 || k > size) throw new RangeError('Sample larger than population or is negative')
    const result: Item[] = []
    // size of a small set minus that of an empty list; CPython picks the method by memory
    let setSize = 21
    if (k > 5) setSize += 4 ** Math.ceil(Math.log(k * 3) / Math.log(4))
    if (size <= setSize) {
      const pool = [...population]
      for (let i = 0; i < k; i++) {
        const j = this.randbelow(size - i)
        result.push(pool[j]!)
        pool[j] = pool[size - i - 1]!
      }
      return result
    }
    const chosen = new Set<number>()
    while (result.length < k) {
      const j = this.randbelow(size)
      if (chosen.has(j)) continue
      chosen.add(j)
      result.push(population[j]!)
    }
    return result
  }

  /** choices(population, k=k): k members with replacement. */
  choices<Item>(population: readonly Item[], k: number): Item[] {
    return Array.from({ length: k }, () => population[Math.floor(this.random() * population.length)]!)
  }

  /** Fills `places` as choices(range(len), k=len) does: whole numbers below its length, with replacement. */
  choosePlaces(places: Int32Array): void {
    const size = places.length
    for (let i = 0; i < size; i++) places[i] = Math.floor(this.random() * size)
  }

  /** shuffle(list), in place. */
  shuffle<Item>(list: Item[]): void {
    for (let i = list.length - 1; i > 0; i--) {
      const j = this.randbelow(i + 1)
      const item = list[i]!
      list[i] = list[j]!
      list[j] = item
    }
  }
}

/** The seed's absolute value in 32-bit words, lowest first; a text counts as its bytes followed by their SHA-512. */
function keyOf(seed: number | bigint | string): number[] {
  let value: bigint
  if (typeof seed === 'string') {
    const bytes = Buffer.from(seed, 'utf8')
    value = BigInt(`0x${Buffer.concat([bytes, createHash('sha512').update(bytes).digest()]).toString('hex')}`)
  } else {
    value = BigInt(seed)
  }
  if (value < 0n) value = -value
  const key: number[] = []
  for (; value > 0n; value >>= 32n) key.push(Number(value & 0xffffffffn))
  return key.length === 0 ? [0] : key
}
