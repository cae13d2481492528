import { type GraphOptions, vocabularyPart } from '../graph/graph-form.js'
import { headNames } from '../graph/head-graph.js'
import { type DeviceRoom, unknownRoom } from '../runtime/device-room.js'
import type { TensorData } from '../runtime/engine.js'
import { checkOverflow } from './overflow.js'

/** A token whose log-probability is wanted, and the hidden state that predicts it. */
export interface HeadTarget {
  readonly row: number
  readonly token: number
}

export interface HeadResult {
  /** One per target, in nats. */
  readonly logprobs: Float32Array
  /** Most likely token per hidden state. */
  readonly argmax: number[]
}

/** Some of the hidden states that a head is given, one after the other, and which of the targets they predict. */
export interface HeadPart {
  readonly start: number
  readonly rows: number
  /** Indices into the list of targets. */
  readonly targets: readonly number[]
}

/** Divides hidden states into parts of at most so many rows. */
export function headParts(rows: number, most: number, targets: readonly HeadTarget[]): HeadPart[] {
  if (rows <= most) return [{ start: 0, rows, targets: [...targets.keys()] }]
  const own = Array.from({ length: Math.ceil(rows / most) }, (): number[] => [])
  targets.forEach(({ row }, index) => {
    own[Math.floor(row / most)]!.push(index)
  })
  return own.map((indices, part) => ({
    start: part * most,
    rows: Math.min(most, rows - part * most),
    targets: indices,
  }))
}

// what is there at once of a part of the vocabulary: its products, the soft-cap's two steps, exponentials, a comparison
const logitsAtOnce = 5

/** Hidden states whose logits over a part of the vocabulary a device has room for; any number on the CPU, where parts are small. */
export function headRows({ spec, form }: GraphOptions, room: DeviceRoom | null): number {
  if (form.weights === 'constants') return Number.POSITIVE_INFINITY
  const { activations } = room ?? unknownRoom
  const bytes = Math.min(activations / logitsAtOnce, form.pieceBytes ?? Number.POSITIVE_INFINITY)
  return Math.max(1, Math.floor(bytes / (4 * vocabularyPart(spec, form))))
}

/** What a head gives, of what the graph has given for each part. Throws InputError where a hidden state is beyond float32. */
export function joinParts(
  parts: readonly HeadPart[],
  outputs: readonly Readonly<Record<string, TensorData>>[],
  targets: number,
): HeadResult {
  const logprobs = new Float32Array(targets)
  const argmax = parts.flatMap((part, at) => {
    const found = outputs[at]!
    checkOverflow(found[headNames.squares]!.data as Float32Array)
    const own = found[headNames.logprobs]!.data as Float32Array
    part.targets.forEach((target, place) => {
      logprobs[target] = own[place]!
    })
    return Array.from(found[headNames.argmax]!.data as BigInt64Array, Number)
  })
  return { logprobs, argmax }
}
