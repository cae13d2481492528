/** A part of a grid of blocks and settings: from the first to before the last of each. */
export interface WorkItem {
  readonly blocks: readonly [from: number, to: number]
  readonly settings: readonly [from: number, to: number]
  /** See Work. */
  readonly work: number
}

/** A block to be divided among items. */
export interface BlockWork {
  /** For one setting. */
  readonly work: number
  /** The share of it that each further setting takes beside the first: 1, or less where layers below the edits are computed once. */
  readonly furtherShare: number
}

/** What is to be divided. */
export interface DividedWork {
  readonly blocks: readonly BlockWork[]
  readonly settings: number
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
export function divideWork({ blocks, settings, shards }: DividedWork): DividedResult {
  const whole = sum(blocks.map((block) => workFor(block, settings)))
  let best: { readonly items: readonly WorkItem[]; readonly longest: number } | null = null
  for (let groups = 1; groups <= Math.min(settings, shards); groups++) {
    const ranges = evenly(settings, groups)
    const most = Math.ceil(settings / groups)
    const parts = neighbours(
      blocks.map((block) => workFor(block, most)),
      Math.min(blocks.length, Math.floor(shards / groups)),
    )
    const items = parts.flatMap((part) =>
      ranges.map((own): WorkItem => {
        const works = blocks.slice(...part).map((block) => workFor(block, own[1] - own[0]))
        return { blocks: part, settings: own, work: sum(works) }
      }),
    )
    const longest = items.reduce((most, { work }) => Math.max(most, work), 0)
    // a little shorter is worth nothing computed twice
    if (best === null || longest < 0.98 * best.longest) best = { items, longest }
  }
  const items = best?.items ?? []
  return { items, cost: whole === 0 ? 1 : sum(items.map(({ work }) => work)) / whole }
}

function workFor({ work, furtherShare }: BlockWork, settings: number): number {
  return work * (1 + (settings - 1) * furtherShare)
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, one) => all + one, 0)
}

/** So many ranges of about the same length. */
function evenly(length: number, ranges: number): (readonly [number, number])[] {
  return Array.from({ length: ranges }, (_, at) => [
    Math.floor((at * length) / ranges),
    Math.floor(((at + 1) * length) / ranges),
  ])
}

/** At most so many ranges of neighbours, the largest of which has as little work as possible. */
function neighbours(works: readonly number[], most: number): (readonly [number, number])[] {
  let low = works.reduce((largest, work) => Math.max(largest, work), 0)
  let high = sum(works)
  for (let round = 0; round < 40 && high - low > 1e-9 * high; round++) {
    const middle = (low + high) / 2
    if (filled(works, middle).length <= most) high = middle
    else low = middle
  }
  return filled(works, high)
}

/** Ranges of neighbours that have at most so much work each. */
function filled(works: readonly number[], most: number): (readonly [number, number])[] {
  const ranges: [number, number][] = []
  let work = 0
  for (const [at, own] of works.entries()) {
    const last = ranges.at(-1)
    if (last === undefined || work + own > most * (1 + 1e-12)) {
      ranges.push([at, at + 1])
      work = own
    } else {
      last[1] = at + 1
      work += own
    }
  }
  return ranges
}
