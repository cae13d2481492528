import { SelectionError } from '@saeval/language-model'
import { describeSelection, type PositionSelection } from '@saeval/sae-core'
import type { TokenMasks } from '../forward/token-masks.js'

/** How often a setting's selections found nothing. */
export interface SelectionCount {
  readonly positions: string
  readonly requests: number
  readonly requests_without_a_token: number
}

interface Held {
  readonly requests: number
  readonly without: number
}

/** Counts, over all requests a model has read, those in which a selection holds no token. */
export class SelectionCounter {
  readonly #all = new Map<PositionSelection, Held>()
  /** Of the requests that were read since `check`. */
  readonly #unchecked = new Map<PositionSelection, Held>()

  /** Adds requests by the masks of their tokens; a request may be several texts. */
  add(selections: readonly PositionSelection[], requests: readonly (readonly (TokenMasks | null)[])[]): void {
    if (requests.length === 0) return
    selections.forEach((selection, s) => {
      const isHeld = (masks: TokenMasks | null) => masks?.some((bits) => ((bits >>> s) & 1) === 1) ?? false
      const without = requests.filter((texts) => !texts.some(isHeld)).length
      for (const counts of [this.#all, this.#unchecked]) {
        const known = counts.get(selection) ?? { requests: 0, without: 0 }
        counts.set(selection, { requests: known.requests + requests.length, without: known.without + without })
      }
    })
  }

  /** Throws SelectionError for a selection that holds no token of any request that was added since the last call. */
  check(): void {
    const added = [...this.#unchecked]
    this.#unchecked.clear()
    const nowhere = added.find(([, { requests, without }]) => requests === without)
    if (nowhere) throw new SelectionError(nowhere[0], nowhere[1].requests)
  }

  counts(): SelectionCount[] {
    return [...this.#all].map(([selection, { requests, without }]) => ({
      positions: describeSelection(selection),
      requests,
      requests_without_a_token: without,
    }))
  }
}
