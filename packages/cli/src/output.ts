/** Where text goes: a stream of Node, or anything that takes text. */
export interface Output {
  write(text: string): unknown
  /** Whether a person looks at it; false by default. */
  readonly isTTY?: boolean | undefined
  /** Width in characters; only of a terminal. */
  readonly columns?: number | undefined
}
