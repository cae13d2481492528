// What tokenising and planning cost, without computing anything: node bench/planner.mjs [--subjects 4] [--questions 100] [--model FOLDER]
// The share is of the time that computing the tokens would take at --tokens_per_second (GPT-2 small on two threads by default).
import { arguments_, encoded, peakMemory, planned, report, stopwatch } from './measure.mjs'
import { mmlu } from './shapes.mjs'

const given = await arguments_({ subjects: 4, questions: 100, tokens_per_second: 1200 })
const model = await given.open()
const requests = Array.from({ length: given.subjects }, (_, subject) =>
  mmlu({ shots: 5, questions: given.questions, seed: subject + 1 }),
).flat()
let rows
const tokenising = await stopwatch(() => {
  rows = encoded(model, requests)
})
let plans
const planning = await stopwatch(() => {
  plans = planned(rows, given)
})
const { passes, tree } = plans
const seconds = tokenising.seconds + planning.seconds
const computing = tree.root.size / given.tokens_per_second
report('tokenising and planning', [
  {
    requests: requests.length,
    'request tokens': tree.requestTokens,
    'distinct tokens': tree.root.size,
    passes: passes.length,
    'tokenising s': tokenising.seconds,
    'tokenising cpu s': tokenising.cpu,
    'planning s': planning.seconds,
    'µs a request': (1e6 * seconds) / requests.length,
    '% of the run': (100 * seconds) / computing,
    'peak memory MB': peakMemory(),
  },
])
await model.close()
