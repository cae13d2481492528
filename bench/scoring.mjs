import { answerAll } from '../packages/language-model/dist/index.js'
import { arguments_, peakMemory, report, scoringWork, stopwatch, timed } from './measure.mjs'

/** Scores requests twice and reports what that took: memory is new the first time, and passes run as in a long task the second time. */
export async function benchScoring(name, own, requestsOf) {
  const given = await arguments_(own)
  const model = await given.open()
  const requests = requestsOf(given)
  // the session opens
  await answerAll(model, requests.slice(0, 1))
  const { requested, computed } = model.report().tokens
  const rows = []
  for (const run of ['first', 'second']) {
    const { value, peak, cpuPeak } = await timed(given.threads, () => stopwatch(() => answerAll(model, requests)))
    const { seconds, cpu } = value
    const { needed, done, passes, before } = scoringWork(model, given, requests)
    const row = { run, requests: requests.length, seconds, 'tokenising, planning s': before, 'cpu s': cpu, passes }
    if (given.size !== null) {
      const speed = done / (seconds - before) / 1e9
      Object.assign(row, { 'GFLOP needed': needed / 1e9, 'GFLOP done': done / 1e9, 'GFLOP/s in passes': speed })
      Object.assign(row, { 'peak GFLOP/s': peak, '% of peak': (100 * speed) / peak })
      Object.assign(row, { '% of peak by cpu time': (100 * done) / (cpu - before) / 1e9 / cpuPeak })
    }
    rows.push({ ...row, 'peak memory MB': peakMemory() })
  }
  const tokens = model.report().tokens
  const counts = { request: (tokens.requested - requested) / 2, computed: (tokens.computed - computed) / 2 }
  await model.close()
  report(`${name}, ${counts.computed} tokens computed of ${counts.request} in the requests`, rows)
}
