import type { PassLimits } from './pass-limits.js'
import type { Budget } from './plan.js'

/** `--batch_size`: as many tokens as that many of the longest inputs have, or what turns out to be fastest up to that many. */
export type BatchSize = number | { readonly most: number }

/** The budget of the next pass, and what it learns from the passes done. */
export interface TokenBudget {
  next(): Budget
  /** Tells how long a pass of this many tokens took under the budget it was given. */
  measured(budget: Budget, tokens: number, milliseconds: number): void
}

const samplesEach = 2

/** A budget that does not change: N of the longest inputs, unless that was too much for the device. */
export function fixedBudget(size: number, longest: number, limits: PassLimits): TokenBudget {
  const tokens = Math.min(size * longest, limits.seen)
  const columns = Math.min(tokens, limits.shape.columns)
  const budget = { tokens, columns, ...ofAll(limits, limits.seen) }
  return { next: () => budget, measured: () => {} }
}

/**
 * Tries growing budgets on the first passes and stays with the one that took least time a token. All of them give the same numbers, so
 * nothing is computed twice for it. None holds more than the device has memory for, or than `size` of the longest inputs.
 */
export function measuredBudget(size: number, longest: number, limits: PassLimits): TokenBudget {
  const most = Math.min(size * longest, limits.tokens)
  const columns = Math.min(most, limits.shape.columns)
  const fitting = limits.shape.tokens.filter((tokens) => tokens <= most)
  const tried = (fitting.length > 0 ? fitting : [most]).map((tokens) => ({
    budget: { tokens, columns, ...ofAll(limits, limits.tokens) },
    times: [] as number[],
  }))
  const best = () =>
    tried.reduce((one, other) => (Math.min(...other.times) < 0.97 * Math.min(...one.times) ? other : one)).budget
  return {
    next: () => tried.find(({ times }) => times.length < samplesEach)?.budget ?? best(),
    measured: (budget, tokens, milliseconds) => {
      // a pass that the requests did not fill says nothing about its budget
      if (tokens >= budget.tokens / 2) tried.find((item) => item.budget === budget)?.times.push(milliseconds / tokens)
    },
  }
}

/** What budgets of any size have in common, where one text alone may have so many tokens. */
function ofAll(limits: PassLimits, text: number): Pick<Budget, 'cellsPerToken' | 'cells' | 'text'> {
  const { cellsPerToken, cells } = limits
  return { cellsPerToken, cells, ...(limits.cutsTexts ? { text } : {}) }
}
