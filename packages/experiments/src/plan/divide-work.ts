/** A part of a grid of blocks and settings: from the first to before the last of each. */
export interface WorkItem {
  readonly blocks: readonly [from: number, to: number]
  readonly settings: readonly [from: number, to: number]
  /** See Work. */
  readonly work: number
}

/** What is to be divided. */
export interface DividedWork {
  /** Work of each block for one setting. */
  readonly blocks: readonly number[]
  readonly settings: number
  /** The share of a block's work that each further setting takes beside the first: layers below the edits are computed once. */
  readonly furtherShare: number
  /** Items at most. */
  readonly shards: number
}

/** The items, and what dividing costs. */
export interface DividedResult {
  readonly items: readonly WorkItem[]
  /** Work of all items together, over that of one item with everything: 1 where nothing is lost. */
  readonly cost: number
}

/**
 * Divides every block for every setting into items of about the same work: neighbouring blocks, and all settings together as long as that makes the
 * longest item no longer, since settings share the layers below their edits. Gives fewer items than asked for where more would not be shorter. Pure.
 */
export function divideWork({ blocks, settings, furtherShare, shards }: DividedWork): DividedResult {
  const times = (count: number) => 1 + (count - 1) * furtherShare
  const whole = blocks.reduce((sum, work) => sum + work, 0) * times(settings)
  let best: { readonly items: readonly WorkItem[]; readonly longest: number; readonly sum: number } | null = null
  for (let groups = 1; groups <= Math.min(settings, shards); groups++) {
    const parts = neighbours(blocks, Math.min(blocks.length, Math.floor(shards / groups)))
    const items = parts.flatMap(({ range, work }) =>
      evenly(settings, groups).map((own): WorkItem => {
        return { blocks: range, settings: own, work: work * times(own[1] - own[0]) }
      }),
    )
    const longest = items.reduce((most, { work }) => Math.max(most, work), 0)
    const sum = items.reduce((all, { work }) => all + work, 0)
    // a little longer is worth nothing computed twice
    if (best === null || longest < 0.98 * best.longest) best = { items, longest, sum }
  }
  return { items: best?.items ?? [], cost: whole === 0 ? 1 : best!.sum / whole }
}

/** So many ranges of about the same length. */
function evenly(length: number, ranges: number): (readonly [number, number])[] {
  return Array.from({ length: ranges }, (_, at) => [
    Math.floor((at * length) / ranges),
    Math.floor(((at + 1) * length) / ranges),
  ])
}

interface Part {
  readonly range: readonly [number, number]
  readonly work: number
}

/** At most so many ranges of neighbours, the largest of which has as little work as possible. */
function neighbours(works: readonly number[], most: number): Part[] {
  let low = works.reduce((largest, work) => Math.max(largest, work), 0)
  let high = works.reduce((sum, work) => sum + work, 0)
  for (let round = 0; round < 40 && high - low > 1e-9 * high; round++) {
    const middle = (low + high) / 2
    if (filled(works, middle).length <= most) high = middle
    else low = middle
  }
  return filled(works, high)
}

/** Ranges of neighbours that have at most so much work each. */
function filled(works: readonly number[], most: number): Part[] {
  const parts: { range: [number, number]; work: number }[] = []
  for (const [at, work] of works.entries()) {
    const last = parts.at(-1)
    if (last === undefined || last.work + work > most * (1 + 1e-12)) parts.push({ range: [at, at + 1], work })
    else {
      last.range[1] = at + 1
      last.work += work
    }
  }
  return parts
}
