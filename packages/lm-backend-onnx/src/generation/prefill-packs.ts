/** What one pass may hold. */
export interface PackLimits {
  /** Tokens of one row: they all look at each other, whether they may attend or not. */
  readonly columns: number
  /** Tokens of all rows, padding included. */
  readonly tokens: number
  /** Cells of the attention matrix: those tokens, times all that each looks at. */
  readonly cells: number
  /** Whether texts can stand side by side in a row: not where layers carry a state. */
  readonly sideBySide: boolean
}

/**
 * Packs texts of these lengths into passes: of each pass the rows, and of each row its texts (indices). After kept tokens there is one row of
 * texts side by side, since each further row would need a copy of what is kept; without them one text a row, alike lengths together. A text longer
 * than a row is a pass of its own.
 */
export function prefillPacks(lengths: readonly number[], past: number, limits: PackLimits): number[][][] {
  const order = [...lengths.keys()].sort((a, b) => lengths[b]! - lengths[a]! || a - b)
  const packs = order.filter((text) => lengths[text]! > limits.columns).map((text) => [[text]])
  const rest = order.slice(packs.length)
  const isOneRow = past > 0 && limits.sideBySide
  let open: number[] = []
  let filled = 0
  const close = () => {
    if (open.length > 0) packs.push(isOneRow ? [open] : open.map((text) => [text]))
    open = []
    filled = 0
  }
  for (const text of rest) {
    // the first of a pass is its longest
    const width = isOneRow || open.length === 0 ? lengths[text]! : lengths[open[0]!]!
    // in one row each text looks at all of them; else a row has a past of its own
    const cells = (filled + width) * (past + (isOneRow ? filled + width : width))
    if (filled + width > (isOneRow ? limits.columns : limits.tokens) || cells > limits.cells) close()
    filled += open.length === 0 ? lengths[text]! : width
    open.push(text)
  }
  close()
  return packs
}
