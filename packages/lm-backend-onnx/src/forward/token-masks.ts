import { InputError } from '@saeval/hub'
import { type Intervention, isSelected, type PositionSelection } from '@saeval/sae-core'
import { selectionsOf } from '../graph/pack-edits.js'
import type { TensorData } from '../runtime/engine.js'

/** The special tokens of a model's tokenizer. */
export interface SpecialIds {
  readonly bos: number | null
  /** BOS included. */
  readonly all: ReadonlySet<number>
}

/** A text, or the beginning of one, that an edit may act on in part. */
export interface MaskedText {
  readonly ids: readonly number[]
  /** Tokens before the first one that the model predicts: the context of a request; ids.length where nothing is predicted. */
  readonly promptLength: number
}

/**
 * Which of a setting's position selections hold each token, as bits: bit s for the s-th selection. What a token's activations become
 * depends on its own bits and those of the tokens before it, so two texts share a prefix where tokens and masks are equal.
 */
export type TokenMasks = Uint32Array

const mostSelections = 32

/** Masks of the tokens of a text from index `from`; null for a setting that acts everywhere. */
export function tokenMasks(
  selections: readonly PositionSelection[],
  { ids, promptLength }: MaskedText,
  special: SpecialIds,
  from = 0,
): TokenMasks | null {
  if (selections.length === 0) return null
  return Uint32Array.from(ids.slice(from), (id, index) => {
    const place = {
      id,
      position: from + index,
      promptLength,
      isBos: id === special.bos,
      isSpecial: special.all.has(id),
    }
    // unsigned, for bit 31
    return selections.reduce((bits, selection, s) => (isSelected(selection, place) ? bits | (1 << s) : bits), 0) >>> 0
  })
}

/** The selections of one setting. Throws InputError for more than 32 different ones. */
export function settingSelections(interventions: readonly Intervention[]): PositionSelection[] {
  const selections = selectionsOf(interventions)
  if (selections.length <= mostSelections) return selections
  throw new InputError(
    `the edits select positions in ${selections.length} different ways, and one setting can have ${mostSelections}`,
  )
}

/** The graph's mask of selected tokens from masks [rows * columns] (null: none selected): float32 [rows, columns, 1 + count]. */
export function selectedTensor(masks: TokenMasks | null, rows: number, columns: number, count: number): TensorData {
  const width = 1 + count
  const data = new Float32Array(rows * columns * width)
  for (let token = 0; token < rows * columns; token++) {
    data[token * width] = 1
    for (let s = 0; s < count; s++) data[token * width + 1 + s] = ((masks?.[token] ?? 0) >>> s) & 1
  }
  return { dtype: 'float32', data, dims: [rows, columns, width] }
}

/** Masks of several texts side by side, padded to `columns`; null when no row has masks. */
export function joinMasks(rows: readonly (TokenMasks | null)[], columns: number): TokenMasks | null {
  if (rows.every((masks) => masks === null)) return null
  const joined = new Uint32Array(rows.length * columns)
  rows.forEach((masks, row) => {
    if (masks) joined.set(masks, row * columns)
  })
  return joined
}
