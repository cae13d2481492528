import type { DeviceRoom } from '../runtime/device-room.js'
import type { PassShape } from '../runtime/runtime.js'
import type { Experts, LayerSpec, Mlp, ModelSpec } from '../spec/model-spec.js'
import { columnsWithin } from './columns-within.js'

// activations of one pass, and its attention matrices, where nobody says how much memory there is
const passBytes = 2 ** 29
const attentionBytes = 2 ** 30

// copies of the attention matrix that are there at once where it is written out: products, masked, softmax
const attentionCopies = 3

/** How much one forward pass may hold on a device; less once it was too much. */
export class PassLimits {
  readonly shape: PassShape
  readonly #spec: ModelSpec
  readonly #room: DeviceRoom | null
  readonly #largest: number
  readonly #heads: number
  readonly #notice: (line: string) => void
  #most = Number.POSITIVE_INFINITY
  #texts = Number.POSITIVE_INFINITY
  #isTold = false

  /** `largest` is the number of bytes that one tensor of the device may have; null for any. */
  constructor(
    spec: ModelSpec,
    shape: PassShape,
    { room, largest }: { readonly room: DeviceRoom | null; readonly largest: number | null },
    notice: (line: string) => void,
  ) {
    this.shape = shape
    this.#spec = spec
    this.#room = room
    this.#largest = largest ?? Number.POSITIVE_INFINITY
    this.#heads = mostHeads(spec)
    this.#notice = notice
  }

  /** Tokens of one pass at most. */
  get tokens(): number {
    const activations = (this.#room?.activations ?? passBytes) / bytesPerToken(this.#spec)
    return Math.min(this.#most, Math.max(256, Math.floor(activations)))
  }

  /** Cells of the attention matrix of one pass at most: its tokens, padding included, times the tokens that each looks at. */
  get cells(): number {
    const bytes = Math.min((this.#room?.attention ?? attentionBytes) / attentionCopies, this.#largest)
    return Math.floor(bytes / (4 * this.#heads))
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

/** What a token holds at once on its way through a layer, roughly: a few residual-sized vectors, queries to values, the MLP's inside. */
function bytesPerToken(spec: ModelSpec): number {
  const { dModel, nLayers, layerInputs } = spec
  // of all layers at once
  const inputs = layerInputs === null ? 0 : 3 * nLayers * layerInputs.width
  return 4 * (6 * dModel + inputs + Math.max(...layersOf(spec).map(insideOf)))
}

/** Numbers of a token inside a layer: from queries to values, and of the MLP. */
function insideOf({ attention, mlp, expertsBeside }: LayerSpec): number {
  const inner = (part: Mlp | Experts) => (part.kind === 'dense' ? part.down.inFeatures : part.chosen * part.dExpert)
  const mixed =
    attention.kind === 'softmax'
      ? (2 * attention.nHeads + 2 * attention.nKvHeads) * attention.dHead
      : 2 * attention.qkv.outFeatures
  return mixed + 3 * (inner(mlp) + (expertsBeside === null ? 0 : inner(expertsBeside.experts)))
}

function mostHeads(spec: ModelSpec): number {
  return Math.max(1, ...layersOf(spec).map(({ attention }) => (attention.kind === 'softmax' ? attention.nHeads : 0)))
}

function layersOf(spec: ModelSpec): LayerSpec[] {
  return Array.from({ length: spec.nLayers }, (_, index) => spec.layer(index))
}
