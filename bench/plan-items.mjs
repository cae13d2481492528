// What planning, claiming and merging a plan of many items costs beside the work: node bench/plan-items.mjs [--items 10000] [--answers 40]. Fails above 2 % of an
// hour. What every worker does too, loading the model and building all prompts, is not in it.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { divideWork } from '../packages/experiments/dist/plan/divide-work.js'
import { readPlan } from '../packages/experiments/dist/plan/plan-file.js'
import { beginPlanFolder, itemName, openPlanFolder, writePlan } from '../packages/experiments/dist/plan/plan-folder.js'
import { planStatus } from '../packages/experiments/dist/plan/plan-status.js'

const { values } = parseArgs({
  options: { items: { type: 'string', default: '10000' }, answers: { type: 'string', default: '40' } },
})
const [count, answers] = [Number(values.items), Number(values.answers)]
const folder = mkdtempSync(join(tmpdir(), 'saeval-plan-items-'))
const rows = []
let all = 0
const timed = (what, run) => {
  const started = performance.now()
  const result = run()
  const seconds = (performance.now() - started) / 1000
  all += seconds
  rows.push({ what, seconds: seconds.toFixed(2), 'of an hour': `${((100 * seconds) / 3600).toFixed(3)} %` })
  return result
}
const works = Array.from({ length: count }, (_, at) => 100 + ((at * 37) % 50))
const id = (at) => at.toString(16).padStart(64, '0')
timed('dividing and writing the plan', () => {
  const { items, cost } = divideWork({
    blocks: works.map((work) => ({ work, furtherShare: 1 })),
    settings: 1,
    shards: count,
  })
  beginPlanFolder(folder, new Map())
  writePlan(folder, {
    saeval: '0',
    build: '',
    command: [],
    files: {},
    plugins: '',
    asked: {},
    device: null,
    measured: {},
    model: null,
    settings: [{ id: 'run', fingerprint: id(0) }],
    blocks: works.map((work, at) => ({ id: id(at), kind: 'loglikelihood', requests: answers, tokens: work, work })),
    items,
    cost,
  })
})
const plan = readPlan(folder)
const opened = openPlanFolder(folder, plan)
timed('claiming, writing and releasing every item', () => {
  for (const [at, item] of plan.items.entries()) {
    if (opened.isDone(item)) continue
    const claim = opened.claims.take(itemName(at))
    for (const { part } of opened.partsOf(item))
      opened.putPart(part, { counted: [0, 100], answers: Array.from({ length: answers }, () => ['-12.34567', true]) })
    claim.release()
  }
})
timed('looking how all items are', () => planStatus(folder, plan))
// the merge checks all before it takes them
timed('reading all answers, twice', () => {
  for (const item of [...plan.items, ...plan.items])
    for (const { part, block } of opened.partsOf(item)) opened.readPart(part, plan.blocks[block].requests)
})
console.table(rows)
rmSync(folder, { recursive: true, force: true })
const most = 0.02 * 3600
if (all > most) {
  console.error(`${all.toFixed(1)} s are more than ${most} s`)
  process.exitCode = 1
}
