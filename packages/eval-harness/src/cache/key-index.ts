/** Where the entry of a key stands. */
export interface KeyPlace {
  /** Number of its file. */
  readonly file: number
  readonly offset: number
  readonly bytes: number
}

// a slot: two numbers of the key, bytes (0 where it is free), file, and the offset in two numbers
const width = 6

/**
 * Places by key, in one array: a million take 48 MB. Keys are hashes, of which eight bytes are kept, as two numbers; whoever reads a place sees
 * whether it is that of the whole key.
 */
export class KeyIndex {
  #size = 0
  #slots = new Uint32Array(1024 * width)

  /** An earlier place of the key is forgotten. */
  set(high: number, low: number, file: number, offset: number, bytes: number): void {
    // at most half full, so that searches are short
    if (this.#size * 2 * width >= this.#slots.length) this.#grow()
    const at = this.#find(high, low)
    const slots = this.#slots
    if (slots[at + 2] === 0) this.#size++
    slots[at] = high
    slots[at + 1] = low
    slots[at + 2] = bytes
    slots[at + 3] = file
    slots[at + 4] = offset
    slots[at + 5] = offset / 2 ** 32
  }

  get(high: number, low: number): KeyPlace | undefined {
    const at = this.#find(high, low)
    const slots = this.#slots
    const bytes = slots[at + 2]!
    return bytes === 0 ? undefined : { file: slots[at + 3]!, offset: slots[at + 4]! + slots[at + 5]! * 2 ** 32, bytes }
  }

  /** Where the slot begins that the key has or would have. */
  #find(high: number, low: number): number {
    const slots = this.#slots
    const count = slots.length / width
    let at = (high & (count - 1)) * width
    while (slots[at + 2] !== 0 && (slots[at] !== high || slots[at + 1] !== low)) {
      at += width
      if (at === slots.length) at = 0
    }
    return at
  }

  #grow(): void {
    const old = this.#slots
    this.#slots = new Uint32Array(old.length * 4)
    for (let from = 0; from < old.length; from += width)
      if (old[from + 2] !== 0) this.#slots.set(old.subarray(from, from + width), this.#find(old[from]!, old[from + 1]!))
  }
}
