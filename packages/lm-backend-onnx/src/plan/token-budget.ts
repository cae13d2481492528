import type { Provider } from '../runtime/protocol.js'
import type { ModelSpec } from '../spec/model-spec.js'
import type { Budget } from './plan.js'

/** `--batch_size`: as many tokens as that many of the longest inputs have, or what turns out to be fastest up to that many. */
export type BatchSize = number | { readonly most: number }

/** The budget of the next pass, and what it learns from the passes done. */
export interface TokenBudget {
  next(): Budget
  /** Tells how long a pass of this many tokens took under the budget it was given. */
  measured(budget: Budget, tokens: number, milliseconds: number): void
}

/** A row wider than this spends more on attention between strangers than it saves on matrix products; GPUs want more at once. */
export const widestRow = { cpu: 512, cuda: 2048, webgpu: 1024 } as const
const candidates = { cpu: [512, 1024, 2048], cuda: [4096, 8192, 16_384], webgpu: [1024, 2048, 4096] } as const
// activations of one pass
const passBytes = 2 ** 29
const samplesEach = 2

/** A budget that does not change: N of the longest inputs. */
export function fixedBudget(size: number, longest: number, spec: ModelSpec, provider: Provider): TokenBudget {
  const tokens = size * longest
  const columns = Math.min(tokens, widestRow[provider.name])
  const budget = { tokens, columns, cellsPerToken: cellsPerToken(spec) }
  return { next: () => budget, measured: () => {} }
}

/**
 * Tries growing budgets on the first passes and stays with the one that took least time a token. All of them give the same numbers, so
 * nothing is computed twice for it. None holds more activations than half a gigabyte, or more than `limit` tokens.
 */
export function measuredBudget(spec: ModelSpec, provider: Provider, limit = Number.POSITIVE_INFINITY): TokenBudget {
  const most = Math.min(limit, Math.max(256, Math.floor(passBytes / bytesPerToken(spec))))
  const columns = Math.min(most, widestRow[provider.name])
  const fitting = candidates[provider.name].filter((tokens) => tokens <= most)
  const tried = (fitting.length > 0 ? fitting : [most]).map((tokens) => ({
    budget: { tokens, columns, cellsPerToken: cellsPerToken(spec) },
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

/**
 * A token's matrix products in cells of attention. A layer multiplies a token with about 12 d_model^2 weights, a cell costs two products
 * of d_head in each head, and onnxruntime's attention was measured to do a quarter as many of them in the same time.
 */
function cellsPerToken({ dModel, nHeads, dHead }: ModelSpec): number {
  return (12 * dModel * dModel) / (8 * nHeads * dHead)
}

/** What a token holds at once on its way through a layer, roughly: a few residual-sized vectors, queries to values, the MLP's inside. */
function bytesPerToken({ dModel, nHeads, nKvHeads, dHead, layer }: ModelSpec): number {
  const { mlp } = layer(0)
  const inner = mlp.kind === 'dense' ? mlp.up.outFeatures : mlp.chosen * mlp.dExpert
  return 4 * (6 * dModel + (2 * nHeads + 2 * nKvHeads) * dHead + 3 * inner)
}
