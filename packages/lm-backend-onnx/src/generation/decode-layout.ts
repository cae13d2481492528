import type { Forward } from '../forward/forward.js'
import { int64, type Layout } from '../forward/layout.js'
import { joinMasks, type TokenMasks } from '../forward/token-masks.js'
import { bodyNames } from '../graph/body-inputs.js'
import { placeOf, type RunningRow } from './running-rows.js'
import { upwards } from './shared-beginnings.js'
import type { SharedColumns } from './shared-columns.js'

/**
 * The last token of each row's text, after the columns that rows share, `capacity` columns of the row's own and the token itself. A row sees its own
 * ranges and tokens. Rows that are over go on with any token, and are not read. `masksOf` gives the mask of a row's last token.
 */
export function decodeLayout(
  forward: Forward,
  masksOf: (row: RunningRow) => TokenMasks | null,
  rows: readonly RunningRow[],
  shared: SharedColumns['shared'],
  capacity: number,
): Layout {
  const { length } = shared.positions
  // the token's own key is in the cache, or comes after it
  const isInside = forward.form.decoding === 'graph_writes'
  const keys = length + capacity + (isInside ? 0 : 1)
  const keyPositions = new BigInt64Array(rows.length * keys)
  const mask = new Uint8Array(rows.length * keys)
  // after the last token there may be no position
  const positions = rows.map(({ start, filled, isOver }) => (isOver ? start : start + filled))
  rows.forEach((row, index) => {
    const start = index * keys
    for (const range of upwards(row.shared)) {
      const at = start + shared.starts.get(range)!
      mask.fill(1, at, at + range.to - range.from)
    }
    keyPositions.set(shared.positions, start)
    const first = start + length
    mask.fill(1, first, first + row.filled)
    for (let own = 0; own < row.filled; own++) keyPositions[first + own] = BigInt(row.start + own)
    const itself = first + (isInside ? placeOf(row) : capacity)
    mask[itself] = 1
    keyPositions[itself] = BigInt(positions[index]!)
  })
  return {
    rows: rows.length,
    columns: 1,
    lengths: rows.map(({ isOver }) => (isOver ? 0 : 1)),
    masks: joinMasks(rows.map(masksOf), 1),
    feeds: {
      [bodyNames.tokens]: {
        dtype: 'int64',
        data: BigInt64Array.from(rows, ({ ids }) => BigInt(ids.at(-1)!)),
        dims: [rows.length, 1],
      },
      [bodyNames.positions]: { dtype: 'int64', data: BigInt64Array.from(positions, BigInt), dims: [rows.length, 1] },
      [bodyNames.keyPositions]: { dtype: 'int64', data: keyPositions, dims: [rows.length, keys] },
      [bodyNames.mask]: { dtype: 'bool', data: mask, dims: [rows.length, 1, 1, keys] },
      [bodyNames.lengths]: int64(rows.map(() => 1)),
    },
  }
}
