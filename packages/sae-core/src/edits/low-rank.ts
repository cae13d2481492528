import type { LatentSlot, LatentUpdate } from '../intervention.js'
import type { Linear, Loreft, LowRankAdd } from './vector-change.js'

/** Slots whose values p are doubled, which adds p times each decoder row. */
export interface LowRank {
  readonly slots: readonly LatentSlot[]
  /** What f' = (1 + alpha) f is. */
  readonly alpha: number
}

/** x + c sum over i of ((w_i - r_i) . x + b_i) r_i, w_i and r_i being the rows of W and R. */
export function loreftSlots({ rank, rotate, weight, bias, coefficient }: Loreft): LowRank {
  const d = rotate.length / rank
  const slots = Array.from({ length: rank }, (_, i) => {
    const row = Float32Array.from({ length: d }, (_, j) => rotate[j * rank + i]!)
    return slot(
      row.map((value, j) => weight[i * d + j]! - value),
      bias?.[i] ?? 0,
      row,
    )
  })
  return { slots, alpha: coefficient }
}

/** A slot for each i, which measures a_i . x + b_i and writes o_i. */
export function lowRankSlots({ rank, read, write, bias, coefficient }: LowRankAdd): LowRank {
  const d = read.length / rank
  const row = (matrix: Float32Array, i: number) => matrix.slice(i * d, (i + 1) * d)
  const slots = Array.from({ length: rank }, (_, i) => slot(row(read, i), bias?.[i] ?? 0, row(write, i)))
  return { slots, alpha: coefficient }
}

/** The rows of W, each written to its own coordinate: with x taken away, c (W x + b). */
export function linearSlots({ weight, bias, coefficient }: Linear): LowRank {
  const d = Math.round(Math.sqrt(weight.length))
  const slots = Array.from({ length: d }, (_, i) => {
    const unit = new Float32Array(d)
    unit[i] = 1
    return slot(weight.slice(i * d, (i + 1) * d), bias?.[i] ?? 0, unit)
  })
  return { slots, alpha: coefficient }
}

/** A slot that is 1 at every token and writes a vector. */
export function constantSlot(vector: Float32Array): LatentSlot {
  return slot(new Float32Array(vector.length), 1, vector)
}

function slot(encoder: Float32Array, bias: number, decoder: Float32Array): LatentSlot {
  return { latent: -1, encoder, bias, threshold: Number.NEGATIVE_INFINITY, decoder }
}

/** The updates of all slots; one of them, whose value is not always zero, counts for the edit. */
export function lowRankUpdates(
  { slots, alpha }: LowRank,
  rest: Pick<LatentUpdate, 'positions'> & { readonly edit: number },
): LatentUpdate[] {
  const { edit, positions } = rest
  const moves = ({ encoder, bias, decoder }: LatentSlot) =>
    (bias !== 0 || encoder.some((value) => value !== 0)) && decoder.some((value) => value !== 0)
  const counted = Math.max(0, slots.findIndex(moves))
  return slots.map((_, index) => ({
    slot: index,
    gates: [],
    alpha,
    beta: 0,
    positions,
    ...(index === counted ? { edit } : {}),
  }))
}
