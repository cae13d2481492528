const beamWidth = 25
const mostRows = 10_000
const unreached = 1e16

/** Operations that turn words into the target. */
const step = { keep: 0, substitute: 1, insert: 2, remove: 3, none: 4 } as const

interface Row {
  readonly costs: Float64Array
  readonly steps: Uint8Array
}

interface Node {
  readonly row: Row
  readonly next: Map<string, Node>
}

/** Which words stand for which target words. */
export interface Alignment {
  /** Target place -> place of the word it is aligned with, -1 before the first. */
  readonly places: readonly number[]
  readonly targetErrors: readonly boolean[]
  readonly wordErrors: readonly boolean[]
}

/**
 * Edit distances of many word lists to one target, searched in a beam around the diagonal as Tercom does it. Rows of the matrix are kept
 * by the words they stand for, so that lists with a common beginning share them.
 */
export class EditDistances {
  readonly #start: Row
  readonly #known = new Map<string, Node>()
  #rows = 0

  constructor(readonly target: readonly string[]) {
    this.#start = this.#row()
    for (let j = 0; j <= target.length; j++) {
      this.#start.costs[j] = j
      this.#start.steps[j] = step.insert
    }
  }

  #row(): Row {
    const width = this.target.length + 1
    return { costs: new Float64Array(width).fill(unreached), steps: new Uint8Array(width).fill(step.none) }
  }

  between(words: readonly string[]): { distance: number; alignment(): Alignment } {
    const rows = [this.#start]
    let nodes = this.#known
    for (const word of words) {
      const node = nodes.get(word)
      if (!node) break
      rows.push(node.row)
      nodes = node.next
    }
    const store = this.#rows < mostRows
    for (let i = rows.length; i <= words.length; i++) {
      const row = this.#next(rows[i - 1]!, words, i)
      rows.push(row)
      if (!store) continue
      const node: Node = { row, next: new Map() }
      nodes.set(words[i - 1]!, node)
      nodes = node.next
      this.#rows++
    }
    return {
      distance: rows.at(-1)!.costs[this.target.length]!,
      alignment: () => align(rows, words.length, this.target.length),
    }
  }

  #next({ costs: above }: Row, words: readonly string[], i: number): Row {
    const { target } = this
    const { costs, steps } = this.#row()
    const ratio = target.length / words.length
    const width = beamWidth < ratio / 2 ? Math.ceil(ratio / 2 + beamWidth) : beamWidth
    const diagonal = Math.floor(i * ratio)
    const end = i === words.length ? target.length + 1 : Math.min(target.length + 1, diagonal + width)
    for (let j = Math.max(0, diagonal - width); j < end; j++) {
      if (j === 0) {
        costs[j] = above[j]! + 1
        steps[j] = step.remove
        continue
      }
      const same = words[i - 1] === target[j - 1]
      const choices: readonly (readonly [number, number])[] = [
        [above[j - 1]! + (same ? 0 : 1), same ? step.keep : step.substitute],
        [above[j]! + 1, step.remove],
        [costs[j - 1]! + 1, step.insert],
      ]
      for (const [cost, taken] of choices) {
        if (costs[j]! <= cost) continue
        costs[j] = cost
        steps[j] = taken
      }
    }
    return { costs, steps }
  }
}

/** Follows the steps back from the end. */
function align(rows: readonly Row[], words: number, target: number): Alignment {
  const trace: number[] = []
  for (let [i, j] = [words, target]; i > 0 || j > 0; ) {
    const taken = rows[i]!.steps[j]!
    if (taken === step.none) throw new Error('the edit distance left its beam')
    trace.push(taken)
    if (taken !== step.insert) i--
    if (taken !== step.remove) j--
  }
  const alignment = { places: [] as number[], targetErrors: [] as boolean[], wordErrors: [] as boolean[] }
  let place = -1
  for (const taken of trace.reverse()) {
    const wrong = taken !== step.keep
    if (taken !== step.insert) {
      place++
      alignment.wordErrors.push(wrong)
    }
    if (taken !== step.remove) {
      alignment.places.push(place)
      alignment.targetErrors.push(wrong)
    }
  }
  return alignment
}
