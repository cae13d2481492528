import type { MaskedIds } from '../forward/pass-layout.js'
import { type PrefixNode, prefixTree } from '../plan/prefix-tree.js'

/** Tokens [from, to) that several prompts begin with, after those of its parent: computed once, kept once, attended to once for all rows. */
export interface SharedRange {
  /** The range right before it; null where it begins the prompts. */
  readonly parent: SharedRange | null
  readonly from: number
  readonly to: number
  /** One of the prompts that begin with it. */
  readonly prompt: number
}

/** A prompt and the last range of its beginning that others share; null where it shares none. Its own tokens begin there. */
export interface ArrangedPrompt {
  readonly prompt: number
  readonly shared: SharedRange | null
}

// a shorter beginning is computed with each row: it is not worth a pass of its own
const shortestShared = 16
// a pass reads all weights, which costs as much as some tokens do: those that it saves must be more
const leastSaved = 48

/**
 * Puts prompts into an order in which those with alike beginnings stand together, depth first, and says what each shares. Tokens are one only where
 * masks are, too. Each prompt keeps a token of its own, whose hidden state it needs. Prompts are numbered as the texts are; by default all are arranged.
 * Without `continues`, of a model that computes texts at once, they share nothing.
 */
export function sharedBeginnings(
  texts: readonly MaskedIds[],
  continues: boolean,
  arranged: readonly number[] = [...texts.keys()],
): ArrangedPrompt[] {
  if (!continues) return arranged.map((prompt) => ({ prompt, shared: null }))
  const tree = prefixTree(
    arranged.map((prompt) => {
      const { ids, masks } = texts[prompt]!
      return { ids, keys: masks ?? undefined, reads: ids.length > 1 ? [ids.length - 2] : [] }
    }),
  )
  const order = Array.from(tree.order, (place) => arranged[place]!)
  const shared: (SharedRange | null)[] = texts.map(() => null)
  const open: { readonly node: PrefixNode; readonly parent: SharedRange | null }[] = [{ node: tree.root, parent: null }]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { node, parent } = next
    const from = parent?.to ?? 0
    const prompts = order.slice(node.first, node.end)
    const isWorthIt =
      node.to - from >= shortestShared && (prompts.length - 1) * (node.to - from) >= leastSaved && prompts.length > 1
    const own = isWorthIt ? { parent, from, to: node.to, prompt: prompts[0]! } : parent
    if (isWorthIt) for (const prompt of prompts) shared[prompt] = own
    for (const child of node.children) if (child.end - child.first > 1) open.push({ node: child, parent: own })
  }
  return order.map((prompt) => ({ prompt, shared: shared[prompt]! }))
}

/** The ranges of a prompt's beginning, its last one first. */
export function* upwards(range: SharedRange | null): Generator<SharedRange> {
  for (let at = range; at !== null; at = at.parent) yield at
}

/** Tokens that computing these prompts takes: each shared range once, and each prompt's own. */
export function promptTokens(
  texts: readonly { readonly ids: readonly number[] }[],
  arranged: readonly ArrangedPrompt[],
): number {
  const ranges = new Set(arranged.flatMap(({ shared }) => [...upwards(shared)]))
  const own = arranged.reduce((sum, { prompt, shared }) => sum + texts[prompt]!.ids.length - (shared?.to ?? 0), 0)
  return [...ranges].reduce((sum, { from, to }) => sum + to - from, own)
}
