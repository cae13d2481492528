import { columnsWithin } from './columns-within.js'
import { keyAt, type PlanRequest, type PrefixNode, type PrefixTree } from './prefix-tree.js'

/** How much one forward pass may hold. */
export interface Budget {
  /** New tokens of one pass, padding included. */
  readonly tokens: number
  /** New tokens of one row: a row's tokens all look at each other in the attention matrix, whether they may attend or not. */
  readonly columns: number
  /** As many cells of that matrix cost as much as one more token. Infinity never computes a token twice. */
  readonly cellsPerToken: number
  /** Cells of the attention matrix of one pass: all its rows' tokens, times all that a row's tokens look at. Any number by default. */
  readonly cells?: number
  /** New tokens of one text where each has a row of its own; a longer one is computed in pieces. Any number by default. */
  readonly text?: number
}

/**
 * One forward pass over `rows` rows of `columns` new tokens, every row after the same `past` tokens. Tokens are numbered row * columns
 * + column; the arrays have one entry each.
 */
export interface Pass {
  /** Tokens of the kept prefix, from its start, that all rows come after. */
  readonly past: number
  readonly rows: number
  readonly columns: number
  /** Tokens without padding. */
  readonly size: number
  /** Those of them that no other place computes too: over all passes, the distinct prefixes of the requests. */
  readonly fresh: number
  /** The same for each row. */
  readonly lengths: readonly number[]
  /** Token ids; 0 where a row is padded. */
  readonly tokens: Int32Array
  /** What had to be equal beside the ids. */
  readonly keys: Uint32Array
  /** Position of each token in its own text. */
  readonly positions: Int32Array
  /** Column of the token before it in the same row; -1 after the past. A token attends to the past, its ancestors and itself. */
  readonly parents: Int32Array
  /** The kept prefix becomes its first `past` tokens and this many first columns of this pass (then there is one row). */
  readonly keep: number
  /** Tokens whose hidden states are wanted. */
  readonly gather: readonly number[]
  /** request's reads[read] is the hidden state of gather[row] */
  readonly answers: readonly { readonly request: number; readonly read: number; readonly row: number }[]
}

// rows this short or shorter are filled up with more subtrees: a matrix product of few rows wastes time
const shortRow = 64

/**
 * Turns the tree into forward passes, depth first, so that one prefix of keys and values is all that has to be kept: its beginning serves
 * every branch further up. Subtrees that fit into a row are computed whole; a larger one begins with its shared tokens, which is kept,
 * and goes on with its children. Each distinct prefix is computed once, except beginnings so short that computing them again
 * costs less than the attention between subtrees in one row (see apart). Lazy: `budget` is asked again for every pass. After a kept prefix a pass has
 * several rows only where that is short, since each row has a copy of it, or where `sharesPast` says that they have none.
 */
export function* plan(
  requests: readonly PlanRequest[],
  tree: PrefixTree,
  budget: () => Budget,
  sharesPast = false,
): Generator<Pass> {
  const reader = createReader(requests, tree)
  yield* below(0, [tree.root])

  /** The subtrees that come after the first `past` tokens of the kept prefix. */
  function* below(past: number, nodes: readonly PrefixNode[]): Generator<Pass> {
    const small: PrefixNode[] = []
    const large: PrefixNode[] = []
    const { columns, cellsPerToken } = limits(budget(), past)
    for (const node of nodes) {
      if (node.size > columns) large.push(node)
      else if (node.size > 0) small.push(...apart(node, cellsPerToken).nodes)
    }
    yield* whole(past, small)
    for (const node of large) yield* opened(past, node)
  }

  /** Subtrees that fit into a row each; larger ones first, so that rows of one pass are alike. */
  function* whole(past: number, nodes: PrefixNode[]): Generator<Pass> {
    nodes.sort((a, b) => b.size - a.size || a.first - b.first)
    for (let next = 0; next < nodes.length; ) {
      const { tokens, columns: widest, cells } = limits(budget(), past)
      const largest = nodes[next]!.size
      // budgets may shrink on the way
      if (largest > widest) {
        yield* opened(past, nodes[next++]!)
        continue
      }
      const folded = sharesPast || past <= Math.max(largest, shortRow)
      const columns = folded
        ? Math.min(widest, largest * Math.max(1, Math.floor(shortRow / largest)))
        : Math.max(largest, Math.ceil(widest / 2))
      const most = Math.min(tokens / columns, cells / (columns * (past + columns)))
      const rows = fillRows(nodes, next, columns, folded ? Math.max(1, Math.floor(most)) : 1)
      next += rows.reduce((sum, row) => sum + row.length, 0)
      yield passOf(past, rows, 0)
    }
  }

  /** A subtree that does not fit into a row: its own tokens in pieces, the last piece together with children that fit beside it. */
  function* opened(past: number, node: PrefixNode): Generator<Pass> {
    let from = node.from
    for (;;) {
      const { columns } = limits(budget(), past)
      if (node.to - from > columns) {
        yield passOf(past, [[{ ...piece(node, from), to: from + columns, children: [] }]], columns)
        past += columns
        from += columns
        continue
      }
      if (from === node.to) {
        yield* below(past, node.children)
        return
      }
      let room = columns - (node.to - from)
      const beside: PrefixNode[] = []
      const later: PrefixNode[] = []
      for (const child of node.children) {
        if (child.size > room) later.push(child)
        else {
          beside.push(child)
          room -= child.size
        }
      }
      const keep = later.length === 0 ? 0 : node.to - from
      yield passOf(past, [[{ ...piece(node, from), children: beside }]], keep)
      yield* below(past + keep, later)
      return
    }
  }

  function passOf(past: number, rows: readonly (readonly PrefixNode[])[], keep: number): Pass {
    const sizes = rows.map((row) => row.reduce((sum, node) => sum + count(node), 0))
    const columns = Math.max(...sizes)
    const tokens = new Int32Array(rows.length * columns)
    const keys = new Uint32Array(tokens.length)
    const positions = new Int32Array(tokens.length)
    const parents = new Int32Array(tokens.length).fill(-1)
    const gather: number[] = []
    const answers: { request: number; read: number; row: number }[] = []
    rows.forEach((row, index) => {
      let column = 0
      const place = (node: PrefixNode, above: number) => {
        // the last one, because one that ends earlier may have been put to the first
        const request = requests[tree.order[node.end - 1]!]!
        const start = column
        for (let position = node.from; position < node.to; position++, column++) {
          const at = index * columns + column
          tokens[at] = request.ids[position]!
          keys[at] = keyAt(request, position)
          positions[at] = position
          parents[at] = position === node.from ? above : column - 1
        }
        const rowsOf = new Map<number, number>()
        reader(node, (position, answer) => {
          const at = index * columns + start + position - node.from
          const known = rowsOf.get(position) ?? gather.push(at) - 1
          rowsOf.set(position, known)
          answers.push({ ...answer, row: known })
        })
        const last = column - 1
        for (const child of node.children) place(child, last)
      }
      for (const node of row) place(node, -1)
    })
    const size = sizes.reduce((sum, one) => sum + one, 0)
    return {
      past,
      rows: rows.length,
      columns,
      size,
      fresh: size - rows.flat().reduce((sum, { from, to, again = 0 }) => sum + Math.min(again, to - from), 0),
      lengths: sizes,
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

/** What is left of a node from a place on. */
function piece(node: PrefixNode, from: number): PrefixNode {
  return { ...node, from, again: Math.max(0, node.from + (node.again ?? 0) - from) }
}

/** Tokens of a node and its children as they are, not as its `size` says: a piece of a node has fewer. */
function count({ from, to, children }: PrefixNode): number {
  return children.reduce((sum, child) => sum + child.size, to - from)
}

/**
 * A subtree as it is, or its children as subtrees of their own, each with the tokens they shared, and so on below: whatever costs least.
 * A row of n tokens has n * n cells of attention. Questions that begin with the same word are better computed apart.
 */
function apart(node: PrefixNode, cellsPerToken: number): { nodes: PrefixNode[]; cost: number } {
  const whole = { nodes: [node], cost: node.size * (node.size + cellsPerToken) }
  if (node.children.length === 0 || cellsPerToken === Number.POSITIVE_INFINITY) return whole
  const shared = node.to - node.from
  const nodes: PrefixNode[] = []
  let cost = 0
  for (const [index, child] of node.children.entries()) {
    // requests that end within the shared tokens go with the first child
    const first = index === 0 ? node.first : child.first
    const again = index === 0 ? (node.again ?? 0) : shared
    const split = apart({ ...child, from: node.from, first, size: child.size + shared, again }, cellsPerToken)
    nodes.push(...split.nodes)
    cost += split.cost
    if (cost >= whole.cost) return whole
  }
  return { nodes, cost }
}

/** What a pass after `past` tokens may hold: one row of these columns stays within all limits. */
function limits({ tokens, columns, cellsPerToken, cells = Number.POSITIVE_INFINITY }: Budget, past: number) {
  const most = Math.max(1, Math.floor(tokens))
  const widest = Math.min(most, columns, columnsWithin(cells, past))
  return { tokens: most, columns: Math.max(1, Math.floor(widest)), cellsPerToken, cells }
}

/** Nodes from `first` on in rows: each goes into the first row with room for it; the first that finds none ends the pass. */
function fillRows(nodes: readonly PrefixNode[], first: number, columns: number, most: number): PrefixNode[][] {
  const rows: PrefixNode[][] = []
  const room: number[] = []
  for (let index = first; index < nodes.length; index++) {
    const node = nodes[index]!
    let row = room.findIndex((free) => free >= node.size)
    if (row < 0) {
      if (rows.length === most) break
      row = rows.push([]) - 1
      room.push(columns)
    }
    rows[row]!.push(node)
    room[row]! -= node.size
  }
  return rows
}

type Answer = { readonly request: number; readonly read: number }

/**
 * Tells the reads of a node's tokens. Nodes of one branch must come in order; each request remembers how far it is, so that all calls
 * together take no longer than going through the requests' tokens.
 */
function createReader(requests: readonly PlanRequest[], { order }: PrefixTree) {
  const sorted = requests.map(({ reads }) =>
    reads.map((position, read) => ({ position, read })).sort((a, b) => a.position - b.position),
  )
  const next = new Int32Array(requests.length)
  return (node: PrefixNode, visit: (position: number, answer: Answer) => void): void => {
    for (let place = node.first; place < node.end; place++) {
      const request = order[place]!
      const reads = sorted[request]!
      for (; next[request]! < reads.length && reads[next[request]!]!.position < node.to; next[request]!++) {
        const { position, read } = reads[next[request]!]!
        visit(position, { request, read })
      }
    }
  }
}
