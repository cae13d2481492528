import { arguments_, peakMemory, report, scoringFlops, stopwatch, timed } from './measure.mjs'

/** Scores requests once and reports what that took. */
export async function benchScoring(name, own, requestsOf) {
  const given = await arguments_(own)
  const model = await given.open()
  const requests = requestsOf(given)
  // the session opens
  await model.loglikelihood(requests.slice(0, 1))
  const { value, peak, cpuPeak } = await timed(given.threads, () => stopwatch(() => model.loglikelihood(requests)))
  const { seconds, cpu } = value
  const row = { requests: requests.length, seconds }
  const { requested, computed } = model.info.tokens
  Object.assign(row, { 'request tokens': requested, 'computed tokens': computed, 'tokens/s': computed / seconds })
  if (given.size !== null) {
    const { needed, done, passes } = scoringFlops(model, given, requests)
    Object.assign(row, {
      passes,
      'GFLOP needed': needed / 1e9,
      'GFLOP done': done / 1e9,
      'GFLOP/s': done / seconds / 1e9,
    })
    Object.assign(row, { 'peak GFLOP/s': peak, '% of peak': (100 * done) / seconds / 1e9 / peak })
    Object.assign(row, { 'cpu s': cpu, '% of peak by cpu time': (100 * done) / cpu / 1e9 / cpuPeak })
  }
  await model.close()
  report(name, [{ ...row, 'peak memory MB': peakMemory() }])
}
