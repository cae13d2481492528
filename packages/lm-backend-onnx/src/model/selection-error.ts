import { InputError } from '@saeval/hub'
import { describeSelection, type PositionSelection } from '@saeval/sae-core'
import type { TokenMarks } from './token-marks.js'

/** A position selection that holds no token of any request. */
export class SelectionError extends InputError {
  readonly selection: PositionSelection

  constructor(selection: PositionSelection, requests: number) {
    const what = requests === 1 ? 'the request' : `any of the ${requests} requests`
    super(`${describeSelection(selection)} hold no token of ${what}, so the edit cannot take effect`)
    this.selection = selection
  }
}

/** How often a setting's selections found nothing. */
export interface SelectionCount {
  readonly positions: string
  readonly requests: number
  readonly requests_without_a_token: number
}

/** Counts, over all requests a model has had, those in which a selection holds no token. */
export class SelectionCounter {
  readonly #requests = new Map<PositionSelection, { requests: number; without: number }>()

  /** Adds requests by the marks of their tokens. Throws SelectionError for a selection that holds no token of any of them. */
  add(selections: readonly PositionSelection[], requests: readonly (TokenMarks | null)[]): void {
    if (requests.length === 0) return
    selections.forEach((selection, s) => {
      const without = requests.filter((marks) => !marks?.some((bits) => ((bits >>> s) & 1) === 1)).length
      if (without === requests.length) throw new SelectionError(selection, requests.length)
      const known = this.#requests.get(selection) ?? { requests: 0, without: 0 }
      this.#requests.set(selection, { requests: known.requests + requests.length, without: known.without + without })
    })
  }

  counts(): SelectionCount[] {
    return [...this.#requests].map(([selection, { requests, without }]) => ({
      positions: describeSelection(selection),
      requests,
      requests_without_a_token: without,
    }))
  }
}
