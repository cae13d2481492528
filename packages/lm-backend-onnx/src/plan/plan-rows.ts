import type { Pass } from './plan.js'
import { keyAt, type PlanRequest, type PrefixTree } from './prefix-tree.js'

/**
 * Passes of one request a row, for models whose state after a token is more than keys and values and cannot branch. Requests that begin
 * another one's text are answered by it; nothing else is shared. `tokens` is the budget; one request alone may exceed it.
 */
export function* planRows(requests: readonly PlanRequest[], tree: PrefixTree, tokens: () => number): Generator<Pass> {
  const { lengths } = tree
  const rows = textRows(requests, tree)
  rows.sort((a, b) => lengths[b.longest]! - lengths[a.longest]!)
  for (let next = 0; next < rows.length; ) {
    const columns = lengths[rows[next]!.longest]!
    const part = rows.slice(next, next + Math.max(1, Math.floor(tokens() / columns)))
    next += part.length
    yield passOf(part, columns)
  }

  function passOf(part: readonly TextRow[], columns: number): Pass {
    const tokens = new Int32Array(part.length * columns)
    const keys = new Uint32Array(tokens.length)
    const positions = new Int32Array(tokens.length)
    const parents = new Int32Array(tokens.length).fill(-1)
    const gather: number[] = []
    const answers: { request: number; read: number; row: number }[] = []
    part.forEach(({ longest, members }, row) => {
      for (let column = 0; column < lengths[longest]!; column++) {
        const at = row * columns + column
        tokens[at] = requests[longest]!.ids[column]!
        keys[at] = keyAt(requests[longest]!, column)
        positions[at] = column
        parents[at] = column - 1
      }
      const places = new Map<number, number>()
      for (const request of members) {
        requests[request]!.reads.forEach((position, read) => {
          const known = places.get(position) ?? gather.push(row * columns + position) - 1
          places.set(position, known)
          answers.push({ request, read, row: known })
        })
      }
    })
    const own = part.map(({ longest }) => lengths[longest]!)
    const size = own.reduce((sum, length) => sum + length, 0)
    return {
      past: 0,
      rows: part.length,
      columns,
      size,
      fresh: size,
      lengths: own,
      tokens,
      keys,
      positions,
      parents,
      keep: 0,
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
