/** One input and what is wanted of it, as far as planning needs to know. */
export interface PlanRequest {
  readonly ids: readonly number[]
  /**
   * One number per token that must be equal too for two tokens to be one: what an edit that looks at positions does there. All equal
   * when left out.
   */
  readonly keys?: ArrayLike<number> | undefined
  /** Positions (0-based, below ids.length) whose hidden state is wanted; at least one. */
  readonly reads: readonly number[]
}

/** A run of tokens that the same requests share. The root's is empty unless every request begins alike. */
export interface PrefixNode {
  /** Positions [from, to) of any of its requests. */
  readonly from: number
  readonly to: number
  /** The requests that run through it: order[first] to order[end - 1]. */
  readonly first: number
  readonly end: number
  readonly children: readonly PrefixNode[]
  /** Tokens of the node and everything below it. */
  readonly size: number
  /** Of a node that is planned apart from its parent: how many of its first tokens another one computes too. 0 by default. */
  readonly again?: number
}

/** All requests as one tree of distinct prefixes. */
export interface PrefixTree {
  readonly root: PrefixNode
  /** Indices of the requests, sorted so that those of a node stand together. */
  readonly order: readonly number[]
  /** Tokens of each request that have to be computed: up to its last read. */
  readonly lengths: readonly number[]
  /** Sum of lengths: what computing every request by itself would take. */
  readonly requestTokens: number
}

interface OpenNode {
  from: number
  first: number
  children: PrefixNode[]
  size: number
}

/** Sorts the requests by their tokens and reads the tree off what neighbours share. Near-linear in the number of tokens. */
export function prefixTree(requests: readonly PlanRequest[]): PrefixTree {
  const lengths = requests.map(({ reads }) => reads.reduce((last, position) => Math.max(last, position), -1) + 1)
  const order = requests.map((_, index) => index)
  order.sort((a, b) => {
    const shared = sharedLength(requests, lengths, a, b)
    return tokenOrder(requests, lengths, a, b, shared)
  })

  // the path to the request at hand, root first; every node on it may still get children
  const path: OpenNode[] = [{ from: 0, first: 0, children: [], size: 0 }]
  let depth = order.length === 0 ? 0 : lengths[order[0]!]!
  /** Closes nodes until the path ends at `target`, splitting the node that crosses it. */
  const close = (target: number, end: number) => {
    while (depth > target) {
      const node = path.at(-1)!
      if (node.from < target) {
        const lower = finish({ ...node, from: target }, depth, end)
        path[path.length - 1] = { from: node.from, first: node.first, children: [lower], size: lower.size }
        depth = target
        return
      }
      if (path.length === 1) {
        // the requests differ at their first token: everything so far becomes a child of an empty root
        const child = finish(node, depth, end)
        path[0] = { from: 0, first: 0, children: [child], size: child.size }
        depth = 0
        return
      }
      path.pop()
      const child = finish(node, depth, end)
      const parent = path.at(-1)!
      parent.children.push(child)
      parent.size += child.size
      depth = node.from
    }
  }
  for (let at = 1; at < order.length; at++) {
    const index = order[at]!
    const shared = sharedLength(requests, lengths, order[at - 1]!, index)
    close(shared, at)
    if (lengths[index]! === shared) continue
    path.push({ from: shared, first: at, children: [], size: 0 })
    depth = lengths[index]!
  }
  while (path.length > 1) close(path.at(-1)!.from, order.length)
  const root = finish(path[0]!, depth, order.length)
  return { root, order, lengths, requestTokens: lengths.reduce((sum, length) => sum + length, 0) }
}

function finish({ from, first, children, size }: OpenNode, to: number, end: number): PrefixNode {
  return { from, to, first, end, children, size: size + to - from }
}

export function sharedLength(
  requests: readonly PlanRequest[],
  lengths: readonly number[],
  a: number,
  b: number,
): number {
  const most = Math.min(lengths[a]!, lengths[b]!)
  const left = requests[a]!
  const right = requests[b]!
  if (left.ids === right.ids && left.keys === right.keys) return most
  let at = 0
  while (at < most && left.ids[at] === right.ids[at] && keyAt(left, at) === keyAt(right, at)) at++
  return at
}

function tokenOrder(
  requests: readonly PlanRequest[],
  lengths: readonly number[],
  a: number,
  b: number,
  at: number,
): number {
  if (at === lengths[a]! || at === lengths[b]!) return lengths[a]! - lengths[b]! || a - b
  const left = requests[a]!
  const right = requests[b]!
  return left.ids[at]! - right.ids[at]! || keyAt(left, at) - keyAt(right, at)
}

/** The key of a token; a request without keys has zeros. */
export function keyAt({ keys }: PlanRequest, position: number): number {
  return keys === undefined ? 0 : keys[position]!
}
