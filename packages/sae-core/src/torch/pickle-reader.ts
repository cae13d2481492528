import { shown } from '@saeval/hub/checks'

/** A pickle that is damaged or asks for more than plain data; `message` continues "<file> ". */
export class PickleError extends Error {}

/** The pickle goes on after the bytes at hand. */
export class PickleTruncated extends PickleError {
  constructor() {
    super('ends in the middle of a pickle')
  }
}

const longestLine = 1024

/** Reads the arguments of pickle operations, never past the end. */
export class PickleReader {
  position: number
  readonly #bytes: Uint8Array
  readonly #view: DataView

  constructor(bytes: Uint8Array, start: number) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.position = start
  }

  /** Moves on by `length` bytes and returns where they start. */
  #take(length: number): number {
    const start = this.position
    if (length > this.#bytes.length - start) throw new PickleTruncated()
    this.position = start + length
    return start
  }

  character(): string {
    return String.fromCharCode(this.#view.getUint8(this.#take(1)))
  }

  unsigned(length: 1 | 2 | 4 | 8): number {
    const at = this.#take(length)
    switch (length) {
      case 1:
        return this.#view.getUint8(at)
      case 2:
        return this.#view.getUint16(at, true)
      case 4:
        return this.#view.getUint32(at, true)
      case 8: {
        const value = this.#view.getBigUint64(at, true)
        if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new PickleError('claims an impossible length')
        return Number(value)
      }
    }
  }

  /** Two's complement of any length, little-endian. */
  integer(length: number): number | bigint {
    const at = this.#take(length)
    let value = 0n
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(this.#bytes[at + i]!)
    return small(BigInt.asIntN(Math.max(1, 8 * length), value))
  }

  double(): number {
    return this.#view.getFloat64(this.#take(8), false)
  }

  bytes(length: number): Uint8Array {
    const at = this.#take(length)
    return this.#bytes.slice(at, at + length)
  }

  text(length: number): string {
    const at = this.#take(length)
    return new TextDecoder().decode(this.#bytes.subarray(at, at + length))
  }

  /** Up to the next line feed, which is taken too. */
  line(): string {
    const end = this.#bytes.subarray(this.position, this.position + longestLine).indexOf(10)
    if (end < 0) {
      if (this.#bytes.length - this.position < longestLine) throw new PickleTruncated()
      throw new PickleError('has an endless line')
    }
    const line = this.text(end)
    this.position += 1
    return line
  }

  /** A decimal line; protocol 0 writes booleans as 00 and 01, long integers with a final L. */
  decimal(): number | bigint | boolean {
    const line = this.line()
    if (line === '00' || line === '01') return line === '01'
    if (!/^-?\d+L?$/.test(line)) throw new PickleError(`has ${shown(line)} where a number should be`)
    return small(BigInt(line.replace('L', '')))
  }

  decimalFloat(): number {
    const line = this.line()
    const value = Number(line.replace(/^(-?)inf$/, '$1Infinity'))
    if (Number.isNaN(value) && line !== 'nan') throw new PickleError(`has ${shown(line)} where a number should be`)
    return value
  }
}

function small(value: bigint): number | bigint {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}
