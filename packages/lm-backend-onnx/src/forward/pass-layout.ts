import { bodyNames } from '../graph/body-inputs.js'
import type { Pass } from '../plan/plan.js'
import type { ModelSpec } from '../spec/model-spec.js'
import { int64, type Layout, tokenFeeds } from './layout.js'
import { joinMasks, type TokenMasks } from './token-masks.js'

/** The token feeds of a planned pass: every token sees the past, its ancestors and itself, wherever they stand in the row. */
export function passLayout(
  spec: ModelSpec,
  {
    past,
    rows,
    columns,
    tokens,
    positions,
    parents,
    lengths,
    keys: masks,
  }: Pick<Pass, 'past' | 'rows' | 'columns' | 'tokens' | 'positions' | 'parents' | 'lengths' | 'keys'>,
): Layout {
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
    past,
    lengths,
    masks,
    feeds: tokenFeeds(spec, {
      [bodyNames.tokens]: { dtype: 'int64', data: BigInt64Array.from(tokens, BigInt), dims },
      [bodyNames.positions]: { dtype: 'int64', data: BigInt64Array.from(positions, BigInt), dims },
      [bodyNames.keyPositions]: { dtype: 'int64', data: keyPositions, dims: [rows, keys] },
      [bodyNames.mask]: { dtype: 'bool', data: mask, dims: [rows, 1, columns, keys] },
      [bodyNames.lengths]: int64(lengths),
    }),
  }
}

/** A text, or the part of one that is computed, and its tokens' masks. */
export interface MaskedIds {
  readonly ids: readonly number[]
  readonly masks: TokenMasks | null
}

/** Rows of texts that go on after `past` cached tokens, padded on the right: padding comes after a row's tokens and is never looked at. */
export function textLayout(spec: ModelSpec, texts: readonly MaskedIds[], past = 0): Layout {
  const lengths = texts.map(({ ids }) => ids.length)
  const columns = Math.max(...lengths)
  const each = (value: (column: number, row: number) => number) =>
    Int32Array.from({ length: texts.length * columns }, (_, at) => value(at % columns, Math.floor(at / columns)))
  const masks = texts.map((text) => text.masks)
  return passLayout(spec, {
    past,
    rows: texts.length,
    columns,
    lengths,
    tokens: each((column, row) => texts[row]!.ids[column] ?? 0),
    keys: joinMasks(masks, columns) ?? new Uint32Array(texts.length * columns),
    positions: each((column) => past + column),
    parents: each((column) => column - 1),
  })
}
