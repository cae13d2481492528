import { bodyNames } from '../graph/body-inputs.js'
import type { Pass } from '../plan/plan.js'
import { int64, type Layout } from './layout.js'
import type { TokenMasks } from './token-masks.js'

/** The token feeds of a planned pass: every token sees the past, its ancestors and itself, wherever they stand in the row. */
export function passLayout({
  past,
  rows,
  columns,
  tokens,
  positions,
  parents,
  lengths,
  keys: masks,
}: Pick<Pass, 'past' | 'rows' | 'columns' | 'tokens' | 'positions' | 'parents' | 'lengths' | 'keys'>): Layout {
  const keys = past + columns
  const mask = new Uint8Array(rows * columns * keys)
  const keyPositions = new BigInt64Array(rows * keys)
  for (let row = 0; row < rows; row++) {
    for (let key = 0; key < past; key++) keyPositions[row * keys + key] = BigInt(key)
    for (let column = 0; column < columns; column++) {
      const at = row * columns + column
      keyPositions[row * keys + past + column] = BigInt(positions[at]!)
      const start = at * keys
      const parent = parents[at]!
      if (parent < 0) mask.fill(1, start, start + past)
      else {
        const from = (row * columns + parent) * keys
        // ancestors stand before their descendants
        mask.copyWithin(start, from, from + past + parent + 1)
      }
      mask[start + past + column] = 1
    }
  }
  const dims = [rows, columns]
  return {
    rows,
    columns,
    lengths,
    masks,
    feeds: {
      [bodyNames.tokens]: { dtype: 'int64', data: BigInt64Array.from(tokens, BigInt), dims },
      [bodyNames.positions]: { dtype: 'int64', data: BigInt64Array.from(positions, BigInt), dims },
      [bodyNames.keyPositions]: { dtype: 'int64', data: keyPositions, dims: [rows, keys] },
      [bodyNames.mask]: { dtype: 'bool', data: mask, dims: [rows, 1, columns, keys] },
      [bodyNames.lengths]: int64(lengths),
    },
  }
}

/** A text, or the part of one that is computed, and its tokens' masks. */
export interface MaskedIds {
  readonly ids: readonly number[]
  readonly masks: TokenMasks | null
}

/** Rows of one text each; see sideBySide. */
export function textLayout(texts: readonly MaskedIds[], past = 0): Layout {
  return sideBySide(
    texts.map((text) => [text]),
    past,
  )
}

/**
 * Rows of texts side by side that all go on after the same `past` cached tokens and do not see each other, padded on the right: padding comes after
 * a row's tokens and is never looked at.
 */
export function sideBySide(rows: readonly (readonly MaskedIds[])[], past: number): Layout {
  const lengths = rows.map((texts) => texts.reduce((sum, { ids }) => sum + ids.length, 0))
  const columns = Math.max(...lengths)
  const size = rows.length * columns
  const [tokens, positions, parents] = [new Int32Array(size), new Int32Array(size), new Int32Array(size)]
  const keys = new Uint32Array(size)
  rows.forEach((texts, row) => {
    let at = row * columns
    for (const { ids, masks } of texts) {
      const start = at - row * columns
      if (masks) keys.set(masks, at)
      ids.forEach((id, index) => {
        tokens[at] = id
        positions[at] = past + index
        parents[at] = index === 0 ? -1 : start + index - 1
        at++
      })
    }
    for (; at < (row + 1) * columns; at++) {
      const column = at - row * columns
      positions[at] = past + column
      parents[at] = column - 1
    }
  })
  return passLayout({ past, rows: rows.length, columns, lengths, tokens, keys, positions, parents })
}
