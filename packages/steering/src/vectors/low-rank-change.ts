import type { InputError } from '@saeval/hub'
import type { Loreft, LowRankAdd } from '@saeval/sae-core/internal/edits/vector-change'
import type { Numbers } from './one-vector.js'

/** The change of LoReFT from its tensors: R^T [d, r], W [r, d] and b [r]. Throws what `wrong` makes of a reason where they do not fit. */
export function loreftOf(
  rotate: Numbers,
  weight: Numbers,
  bias: Float32Array | null,
  coefficient: number,
  wrong: (message: string) => InputError,
): Loreft {
  const [d, rank] = rotate.shape
  const [rows, columns] = weight.shape
  if (rotate.shape.length !== 2 || weight.shape.length !== 2 || rows !== rank || columns !== d || rank === 0)
    throw wrong(
      `the rotation has shape [${rotate.shape}] and the learned source [${weight.shape}], expected [d, rank] and [rank, d]`,
    )
  if (bias !== null && bias.length !== rank) throw wrong(`the bias has ${bias.length} numbers, expected ${rank}`)
  return { action: 'loreft', rank: rank!, rotate: rotate.values, weight: weight.values, bias, coefficient }
}

/** The low-rank map of what is read [r, d], what is written [r, d] and b [r]. Throws what `wrong` makes of a reason where they do not fit. */
export function lowRankOf(
  read: Numbers,
  write: Numbers,
  bias: Float32Array | null,
  coefficient: number,
  wrong: (message: string) => InputError,
): LowRankAdd {
  const [rank = 0] = read.shape
  if (read.shape.length !== 2 || read.shape.join() !== write.shape.join() || rank === 0)
    throw wrong(
      `what is read has shape [${read.shape}] and what is written [${write.shape}], expected [rank, d] of both`,
    )
  if (bias !== null && bias.length !== rank) throw wrong(`the bias has ${bias.length} numbers, expected ${rank}`)
  return { action: 'low_rank', rank, read: read.values, write: write.values, bias, coefficient }
}

/** The matrix with its axes exchanged; what is none stays, for the check that follows. */
export function transposed({ shape, values }: Numbers): Numbers {
  const [rows = 0, columns = 0] = shape
  if (shape.length !== 2) return { shape, values }
  return {
    shape: [columns, rows],
    values: values.map((_, at) => values[(at % rows) * columns + Math.floor(at / rows)]!),
  }
}
