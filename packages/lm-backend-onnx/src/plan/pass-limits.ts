import type { DeviceRoom } from '../runtime/device-room.js'
import type { PassShape } from '../runtime/runtime.js'
import { columnsWithin } from './columns-within.js'

// activations of one pass, and its attention matrices, where nobody says how much memory there is
const passBytes = 2 ** 29
const attentionBytes = 2 ** 30

// copies of the attention matrix that are there at once where it is written out: products, masked, softmax
const attentionCopies = 3

/** What a token takes on its way through a model. */
export interface PassWork {
  /** Bytes of activations. */
  readonly bytesPerToken: number
  /** Heads of the layer that has most. */
  readonly heads: number
  /** Its matrix products in cells of attention. */
  readonly cellsPerToken: number
  /** Texts that can be written side by side; null for any number. */
  readonly textsAtOnce: number | null
  /** Whether rows may be computed in pieces. */
  readonly isCut: boolean
}

/** How much one forward pass may hold on a device; less once it was too much. */
export class PassLimits {
  readonly shape: PassShape
  readonly #work: PassWork
  readonly #room: DeviceRoom | null
  readonly #largest: number
  readonly #notice: (line: string) => void
  #most = Number.POSITIVE_INFINITY
  #texts: number
  #isTold = false

  /** `largest` is the number of bytes that one tensor of the device may have; null for any. */
  constructor(
    work: PassWork,
    shape: PassShape,
    { room, largest }: { readonly room: DeviceRoom | null; readonly largest: number | null },
    notice: (line: string) => void,
  ) {
    this.shape = shape
    this.#work = work
    this.#texts = work.textsAtOnce ?? Number.POSITIVE_INFINITY
    this.#room = room
    this.#largest = largest ?? Number.POSITIVE_INFINITY
    this.#notice = notice
  }

  /** Tokens of one pass at most. */
  get tokens(): number {
    const activations = (this.#room?.activations ?? passBytes) / this.#work.bytesPerToken
    return Math.min(this.#most, Math.max(256, Math.floor(activations)))
  }

  /** Cells of the attention matrix of one pass at most: its tokens, padding included, times the tokens that each looks at. */
  get cells(): number {
    if (!this.#work.isCut) return Number.POSITIVE_INFINITY
    const bytes = Math.min((this.#room?.attention ?? attentionBytes) / attentionCopies, this.#largest)
    return Math.floor(bytes / (4 * this.#work.heads))
  }

  /** Whether a text that is a row of its own may go by in pieces. */
  get cutsTexts(): boolean {
    return this.#work.isCut
  }

  /** See PassWork. */
  get cellsPerToken(): number {
    return this.#work.cellsPerToken
  }

  /** The most that a fixed number of texts may take: less than what was seen to be too much. */
  get seen(): number {
    return this.#most
  }

  /** New tokens of one row at most, after `past` tokens. */
  columns(past: number): number {
    return Math.min(this.#most, this.shape.columns, columnsWithin(this.cells, past))
  }

  /**
   * A pass of this many tokens, padding included, found no memory: later ones have half as many. Throws an Error where that changes nothing. The
   * first time a notice says it.
   */
  halve(tokens: number, device: string, cause: Error): void {
    const half = Math.floor(tokens / 2)
    if (half < 1 || half >= this.#most) throw noMemory(`${device} has no memory for a pass of ${tokens} tokens`, cause)
    this.#tell(`${device} has no memory for a pass of ${tokens} tokens; from here on passes have at most ${half}`)
    this.#most = half
  }

  /** Texts that are written side by side at most: less than what was seen to be too much. */
  get texts(): number {
    return this.#texts
  }

  /** The same where so many texts were written side by side: rows of passes have half as many tokens, too. */
  halveTexts(texts: number, device: string, cause: Error): void {
    if (texts <= 1 && this.columns(0) <= 1) throw noMemory(`${device} has no memory to write a text`, cause)
    const half = Math.max(1, Math.floor(texts / 2))
    this.#tell(`${device} has no memory to write ${texts} texts side by side; from here on it writes at most ${half}`)
    this.#texts = half
    this.#most = Math.max(1, Math.floor(this.columns(0) / 2))
  }

  #tell(line: string): void {
    if (!this.#isTold) this.#notice(line)
    this.#isTold = true
  }
}

function noMemory(what: string, cause: Error): Error {
  const cure = 'end other programs on it, or choose a smaller dtype or another device'
  return new Error(`${what} beside the weights: ${cure} (${cause.message})`, { cause })
}
