import type { PyDict } from '../values/value.js'

/** One split of a dataset; rows are read when asked for. */
export interface Split {
  /** Column names in the dataset's order. */
  readonly columns: readonly string[]
  readonly length: number
  /** Columns of class numbers -> the names of their classes; left out where none is known. */
  readonly classNames?: ReadonlyMap<string, readonly string[]>
  /** Documents [start, end). */
  rows(start?: number, end?: number): Promise<PyDict[]>
}

/** A dataset configuration: splits by name. */
export interface Dataset {
  /** "cais/mmlu (anatomy)", for messages. */
  readonly name: string
  readonly splitNames: readonly string[]
  /** Opens a split; throws InputError naming the splits there are. */
  split(name: string): Promise<Split>
}
