import { columnsWithin } from './columns-within.js'
import type { Budget, Pass } from './plan.js'
import { keyAt, type PlanRequest, type PrefixTree } from './prefix-tree.js'

/**
 * Passes of one request a row, for models whose state after a token is more than keys and values and cannot branch. Requests that begin
 * another one's text are answered by it; nothing else is shared. One request alone may exceed the budget's tokens; one that exceeds its cells, or its
 * tokens of one text, is computed in pieces, each of which comes after what the ones before it have left.
 */
export function* planRows(
  requests: readonly PlanRequest[],
  tree: PrefixTree,
  budget: () => Pick<Budget, 'tokens' | 'cells' | 'text'>,
): Generator<Pass> {
  const { lengths } = tree
  const rows = textRows(requests, tree)
  rows.sort((a, b) => lengths[b.longest]! - lengths[a.longest]!)
  for (let next = 0; next < rows.length; ) {
    const columns = lengths[rows[next]!.longest]!
    const { tokens, cells = Number.POSITIVE_INFINITY, text = columns } = budget()
    if (Math.min(text, columnsWithin(cells, 0)) < columns) {
      const row = rows[next++]!
      for (let past = 0; past < columns; ) {
        const now = budget()
        const piece = Math.min(columns - past, now.text ?? text, columnsWithin(now.cells ?? cells, past))
        yield passOf([row], piece, past, past + piece < columns ? piece : 0)
        past += piece
      }
      continue
    }
    const most = Math.min(tokens / columns, cells / (columns * columns))
    const part = rows.slice(next, next + Math.max(1, Math.floor(most)))
    next += part.length
    yield passOf(part, columns, 0, 0)
  }

  /** The tokens from `past` on of some texts, or a piece of one of them. */
  function passOf(part: readonly TextRow[], columns: number, past: number, keep: number): Pass {
    const lengthOf = ({ longest }: TextRow) => Math.min(columns, lengths[longest]! - past)
    const tokens = new Int32Array(part.length * columns)
    const keys = new Uint32Array(tokens.length)
    const positions = new Int32Array(tokens.length)
    const parents = new Int32Array(tokens.length).fill(-1)
    const gather: number[] = []
    const answers: { request: number; read: number; row: number }[] = []
    part.forEach((text, row) => {
      const { longest, members } = text
      for (let column = 0; column < lengthOf(text); column++) {
        const at = row * columns + column
        tokens[at] = requests[longest]!.ids[past + column]!
        keys[at] = keyAt(requests[longest]!, past + column)
        positions[at] = past + column
        parents[at] = column - 1
      }
      const places = new Map<number, number>()
      for (const request of members) {
        requests[request]!.reads.forEach((position, read) => {
          if (position < past || position >= past + columns) return
          const known = places.get(position) ?? gather.push(row * columns + position - past) - 1
          places.set(position, known)
          answers.push({ request, read, row: known })
        })
      }
    })
    const own = part.map(lengthOf)
    const size = own.reduce((sum, length) => sum + length, 0)
    return {
      past,
      rows: part.length,
      columns,
      size,
      fresh: size,
      lengths: own,
      tokens,
      keys,
      positions,
      parents,
      keep,
      gather,
      answers,
    }
  }
}

/** A text, and the requests that it answers. */
interface TextRow {
  readonly longest: number
  readonly members: readonly number[]
}

function textRows(requests: readonly PlanRequest[], { order, lengths }: PrefixTree): TextRow[] {
  // sorted requests stand right before those they are a prefix of
  const rows: TextRow[] = []
  let members: number[] = []
  order.forEach((request, place) => {
    if (lengths[request]! === 0) return
    members.push(request)
    const following = order[place + 1]
    if (following !== undefined && begins(requests, request, following, lengths)) return
    rows.push({ longest: request, members })
    members = []
  })
  return rows
}

/** Tokens that these passes compute. */
export function rowTokens(requests: readonly PlanRequest[], tree: PrefixTree): number {
  return textRows(requests, tree).reduce((sum, { longest }) => sum + tree.lengths[longest]!, 0)
}

/** Whether one request's tokens are the beginning of (or all of) the other's. */
function begins(requests: readonly PlanRequest[], one: number, other: number, lengths: readonly number[]): boolean {
  const [a, b] = [requests[one]!, requests[other]!]
  if (lengths[one]! > lengths[other]!) return false
  if (a.ids === b.ids && a.keys === b.keys) return true
  for (let at = 0; at < lengths[one]!; at++) {
    if (a.ids[at] !== b.ids[at] || keyAt(a, at) !== keyAt(b, at)) return false
  }
  return true
}
