/** What is wrong with the bytes of a GGUF file. */
export class GgufError extends Error {}

/** Reads the little-endian values of a GGUF header one after the other. Throws GgufError where the bytes end. */
export class GgufCursor {
  readonly #view: DataView
  #at = 0

  constructor(readonly bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  /** Bytes that have been read. */
  get at(): number {
    return this.#at
  }

  /** Steps over `count` bytes and gives where they begin. */
  skip(count: number): number {
    const from = this.#at
    if (from + count > this.bytes.length) throw new GgufError('ends inside its header')
    this.#at += count
    return from
  }

  u32(): number {
    return this.#view.getUint32(this.skip(4), true)
  }

  /** A whole number of 8 bytes; one that is larger than any file is an error. */
  u64(): number {
    const value = Number(this.#view.getBigUint64(this.skip(8), true))
    if (!Number.isSafeInteger(value)) throw new GgufError(`has a number of ${value} in its header`)
    return value
  }

  text(): string {
    const length = this.u64()
    const from = this.skip(length)
    return new TextDecoder().decode(this.bytes.subarray(from, from + length))
  }
}
