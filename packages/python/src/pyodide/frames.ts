import type { Writable } from 'node:stream'

/** Writes a frame of parts as python/frames.mjs reads them: their number, then each one's length and bytes. */
export function writeFrame(stream: Writable, parts: readonly Uint8Array[]): void {
  stream.write(numbers(parts.length))
  for (const part of parts) {
    stream.write(numbers(part.length))
    stream.write(part)
  }
}

function numbers(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

/** A frame that Python's process wrote: what it is, and bytes. */
export type Frame = readonly [kind: string, bytes: Buffer]

/** Reads frames out of pieces of bytes. Throws RangeError for what is no frame, or one of more than `largest` bytes. */
export class FrameReader {
  #pieces: Buffer[] = []
  #held = 0

  constructor(readonly largest: number) {}

  /** The frames that these bytes complete. */
  take(piece: Buffer): Frame[] {
    this.#pieces.push(piece)
    this.#held += piece.length
    const frames: Frame[] = []
    for (let frame = this.#frame(); frame !== null; frame = this.#frame()) frames.push(frame)
    return frames
  }

  #frame(): Frame | null {
    const kindLength = this.#number(4)
    if (kindLength === null) return null
    const length = this.#number(8 + kindLength)
    if (length === null) return null
    const whole = 12 + kindLength + length
    if (this.#held < whole) return null
    const bytes = this.#joined()
    this.#pieces = [bytes.subarray(whole)]
    this.#held -= whole
    return [bytes.toString('latin1', 8, 8 + kindLength), bytes.subarray(12 + kindLength, whole)]
  }

  #number(at: number): number | null {
    if (this.#held < at + 4) return null
    // a large frame's pieces are joined once, when it is whole
    const head = (this.#pieces[0]?.length ?? 0) >= at + 4 ? this.#pieces[0]! : this.#joined()
    const value = head.readUInt32LE(at)
    if (value > this.largest) throw new RangeError(`a frame of ${value} bytes`)
    return value
  }

  #joined(): Buffer {
    if (this.#pieces.length > 1) this.#pieces = [Buffer.concat(this.#pieces)]
    return this.#pieces[0] ?? Buffer.alloc(0)
  }
}
