import type { Forward } from '../forward/forward.js'
import type { KvCache, KvParts } from '../forward/kv-cache.js'
import type { SharedRange } from './shared-beginnings.js'

/** A prompt whose text is to be written. */
export interface WaitingRow {
  readonly prompt: number
  readonly shared: SharedRange | null
  /** Position of its first own token, which will stand in the first column of its cache. */
  readonly start: number
  /** Own tokens that its cache will hold at most. */
  readonly most: number
}

/** A text that is being written. */
export interface RunningRow extends WaitingRow {
  /** The prompt and the new tokens. */
  readonly ids: number[]
  readonly promptLength: number
  /** Own tokens whose keys and values are in its cache. */
  filled: number
  isOver: boolean
}

/** The place in a row's cache that its next token goes to; of a row that is over, one that nobody reads. */
export function placeOf({ filled, isOver }: RunningRow): number {
  return isOver ? 0 : filled
}

// room for new tokens that is reserved at once
const roomAtOnce = 64

/** Rows that are decoded side by side, each with a cache of its own; those that are over make room for others. */
export class RunningRows {
  readonly #forward: Forward
  readonly #blank: KvCache
  readonly #rows: RunningRow[] = []
  #own: KvCache | null = null

  constructor(forward: Forward, blank: KvCache) {
    this.#forward = forward
    this.#blank = blank
  }

  get rows(): readonly RunningRow[] {
    return this.#rows
  }

  get live(): readonly RunningRow[] {
    return this.#rows.filter(({ isOver }) => !isOver)
  }

  /** Each row's own keys and values. */
  get own(): KvCache {
    return this.#own!
  }

  /** Takes rows in, at the places of those that are over where there are some, with room for their prompts. */
  join(joining: readonly RunningRow[]): void {
    const places = this.#rows.flatMap(({ isOver }, place) => (isOver ? [place] : []))
    for (const row of joining) {
      const place = places.shift() ?? this.#rows.length
      this.#rows[place] = row
    }
    this.#reserve([...this.#rows.keys()])
  }

  /** Where a run writes what it computes for these rows: the columns of each, as [row of the run, first column]. */
  partsFor(rows: readonly RunningRow[], places: readonly (readonly [row: number, at: number])[]): KvParts {
    const parts = rows.map((row, index) => {
      const [from, at] = places[index]!
      return { row: from, at, count: row.filled, toRow: this.#rows.indexOf(row), toAt: 0 }
    })
    return { into: this.own, parts }
  }

  /** Before a step: lets go of rows that are over when they are a quarter of all, and sees to it that there is room for a token more. */
  makeRoom(): void {
    const live = this.#rows.flatMap(({ isOver }, place) => (isOver ? [] : [place]))
    if (live.length <= 0.75 * this.#rows.length) this.#reserve(live)
    else this.#reserve([...this.#rows.keys()])
  }

  dispose(): void {
    this.#own?.dispose()
    this.#own = null
  }

  /** A cache for these of the rows; the one at hand where it will do. */
  #reserve(places: readonly number[]): void {
    const rows = places.map((place) => this.#rows[place]!)
    const live = rows.filter(({ isOver }) => !isOver)
    const needed = Math.max(...live.map(({ filled, most }) => Math.min(most, filled + 1)))
    const wanted = Math.max(
      ...live.map(({ filled, most }) => Math.min(most, filled + Math.max(roomAtOnce, filled >> 1))),
    )
    const before = this.#own
    // a long text that is over leaves room that every later step would go through
    const fits = before !== null && before.length >= needed && before.length <= 2 * wanted
    if (fits && before.rows === rows.length) return
    const length = fits ? before.length : wanted
    const known = before?.rows ?? 0
    const { cache } = this.#forward
    this.#own =
      before === null
        ? cache.reserve(
            this.#blank,
            rows.map(() => 0),
            length,
          )
        : cache.reserve(
            before,
            places.map((place) => Math.min(place, known - 1)),
            length,
          )
    before?.dispose()
    this.#rows.splice(0, this.#rows.length, ...rows)
  }
}
