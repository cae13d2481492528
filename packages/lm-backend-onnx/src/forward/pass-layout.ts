import { bodyNames } from '../graph/body-inputs.js'
import type { Pass } from '../plan/plan.js'
import type { ModelSpec } from '../spec/model-spec.js'
import { int64, type Layout, tokenFeeds } from './layout.js'

/** The token feeds of a planned pass: every token sees the past, its ancestors and itself, wherever they stand in the row. */
export function passLayout(
  spec: ModelSpec,
  { past, rows, columns, tokens, positions, parents, lengths, keys: masks }: Pass,
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
      [bodyNames.tokens]: { type: 'int64', data: BigInt64Array.from(tokens, BigInt), dims },
      [bodyNames.positions]: { type: 'int64', data: BigInt64Array.from(positions, BigInt), dims },
      [bodyNames.keyPositions]: { type: 'int64', data: keyPositions, dims: [rows, keys] },
      [bodyNames.mask]: { type: 'bool', data: mask, dims: [rows, 1, columns, keys] },
      [bodyNames.lengths]: int64(lengths),
    }),
  }
}
