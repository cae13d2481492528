import type { ActedColumn } from '../graph/acted-columns.js'
import type { TensorData } from '../runtime/engine.js'

/**
 * Counts, over all passes of a model, the tokens at which each edit acts. Only edits are counted for which the graph decides that token by token: a
 * vector that is added everywhere acts at every token.
 */
export class ActedCounter {
  readonly #tokens = new Map<number, number>()

  /** Edit (see FromEdit) -> tokens. */
  get tokens(): ReadonlyMap<number, number> {
    return this.#tokens
  }

  /** Begins at 0 with the edits of these columns. */
  expect(columns: readonly ActedColumn[]): void {
    for (const { edit } of columns) this.#tokens.set(edit, this.#tokens.get(edit) ?? 0)
  }

  /** Adds what another one has counted. */
  addAll({ tokens }: ActedCounter): void {
    for (const [edit, count] of tokens) this.#tokens.set(edit, (this.#tokens.get(edit) ?? 0) + count)
  }

  /** Adds the counts [rows, K] of one pass. */
  add(columns: readonly ActedColumn[], counts: Float32Array, rows: number): void {
    const width = counts.length / rows
    for (const { edit, column } of columns) {
      if (column === null) continue
      let sum = 0
      for (let row = 0; row < rows; row++) sum += counts[row * width + column]!
      this.#tokens.set(edit, this.#tokens.get(edit)! + sum)
    }
  }
}

/** The mask of tokens that count, float32 [rows, 1, columns]: the first `lengths[row]` of each row. */
export function countedTensor(lengths: readonly number[], columns: number): TensorData {
  const data = new Float32Array(lengths.length * columns)
  lengths.forEach((length, row) => {
    data.fill(1, row * columns, row * columns + length)
  })
  return { dtype: 'float32', data, dims: [lengths.length, 1, columns] }
}
