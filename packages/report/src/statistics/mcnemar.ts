/**
 * Exact two-sided McNemar test: the probability of a split of the discordant pairs at least as uneven, when each side is equally likely.
 * `gained` and `lost` count the pairs that changed one way and the other. 1 when nothing changed.
 * Source: McNemar 1947; the exact form is a binomial test with p = 1/2.
 */
export function mcnemar(gained: number, lost: number): number {
  const n = gained + lost
  const k = Math.min(gained, lost)
  // log of C(n, i) / 2^n, from i = 0 upwards
  let term = -n * Math.LN2
  let tail = 0
  for (let i = 0; i <= k; i++) {
    tail += Math.exp(term)
    term += Math.log(n - i) - Math.log(i + 1)
  }
  return Math.min(1, 2 * tail)
}
