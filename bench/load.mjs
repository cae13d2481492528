// Loads a model twice, each time in a process of its own, and measures what loading and the first tokens take.
//
//   node bench/load.mjs FOLDER_OR_NAME [--dtype float32] [--packed] [--threads 1] [--pass 8,64,256,1024] [--generate 16] [--json]
//
// --packed lets onnxruntime convert and pack the weights of any model when it loads, as saeval does with small ones.
//
// Columns: seconds until the model is open (configuration, tokenizer, headers); seconds until the first token is scored, sessions and first
// touch of every weight included; processor seconds of both, which other work on the machine changes less; private memory (anonymous pages, /proc/self/status) before the first token and the largest seen until the
// end; weights mapped from files; then milliseconds of processor time a token of forward passes of so many tokens and of greedy generation of one text.
// Processor time is what other work on the machine disturbs least; with one thread on an idle machine it is the time that passes.
// The page cache is not emptied between loads: "first" is the first load with saeval, not the first read of the file.

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { answerAll } from '../packages/language-model/dist/index.js'
import { loadModelPacked } from '../packages/lm-backend-onnx/dist/model/load-model.js'
import { largestPacked } from '../packages/lm-backend-onnx/dist/weights/residence.js'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    dtype: { type: 'string', default: 'float32' },
    packed: { type: 'boolean', default: false },
    threads: { type: 'string', default: '1' },
    pass: { type: 'string', default: '8,64,256,1024' },
    generate: { type: 'string', default: '16' },
    json: { type: 'boolean', default: false },
    once: { type: 'boolean', default: false },
  },
})
const [model] = positionals
if (model === undefined) throw new Error('give the folder or the name of a model')

if (values.once) {
  console.log(JSON.stringify(await measure()))
} else {
  const own = [fileURLToPath(import.meta.url), ...process.argv.slice(2), '--once']
  const loads = ['first', 'second'].map((load) => ({
    load,
    ...JSON.parse(execFileSync(process.execPath, own, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })),
  }))
  if (values.json)
    console.log(JSON.stringify({ model, dtype: values.dtype, threads: Number(values.threads), loads }, null, 2))
  else console.table(Object.fromEntries(loads.map(({ load, ...numbers }) => [load, numbers])))
}

async function measure() {
  // where memory runs out, this process is the one to end
  if (process.platform === 'linux') execFileSync('sh', ['-c', `echo 1000 > /proc/${process.pid}/oom_score_adj`])
  let peak = 0
  const watch = setInterval(() => {
    peak = Math.max(peak, memory().anonymous)
  }, 20)
  const seconds = stopwatch()
  const processor = process.cpuUsage()
  const options = { model, device: 'cpu', dtype: values.dtype, threads: Number(values.threads) }
  const loaded = await loadModelPacked(options, values.packed ? Number.POSITIVE_INFINITY : largestPacked)
  const open = seconds()
  const before = await sessions(loaded)
  const { user, system } = process.cpuUsage(processor)
  const times = await speeds(loaded)
  clearInterval(watch)
  await loaded.close()
  return {
    'open (s)': round(open),
    'first token (s)': round(before.seconds),
    'processor (s)': round((user + system) / 1e6),
    'private at first token (MB)': Math.round(before.memory.anonymous),
    'private peak (MB)': Math.round(Math.max(peak, memory().anonymous)),
    'mapped (MB)': Math.round(before.memory.mapped),
    ...times,
  }

  async function sessions(loaded) {
    const time = stopwatch()
    await loaded.scoreTokens([{ ids: [1], predictions: [{ position: 0, token: 2 }] }])
    return { seconds: time(), memory: memory() }
  }
}

async function speeds(loaded) {
  const times = {}
  const perToken = async (tokens, work) => {
    const start = process.cpuUsage()
    await work()
    const { user, system } = process.cpuUsage(start)
    return (user + system) / 1000 / tokens
  }
  for (const length of values.pass.split(',').map(Number)) {
    const ids = Array.from({ length }, (_, i) => 100 + (i % 89))
    const score = () => loaded.scoreTokens([{ ids, predictions: [{ position: length - 1, token: 2 }] }])
    // the first pass of a size touches new memory
    await score()
    let best = Number.POSITIVE_INFINITY
    for (let repeat = 0; repeat < 3; repeat++) best = Math.min(best, await perToken(length, score))
    times[`pass of ${length} (ms/token)`] = round(best)
  }
  const maxGenToks = Number(values.generate)
  const request = { type: 'generate_until', context: 'a', until: [], maxGenToks, doSample: false, temperature: 0 }
  times['generation (ms/token)'] = round(await perToken(maxGenToks, () => answerAll(loaded, [request])))
  return times
}

function stopwatch() {
  const start = performance.now()
  return () => (performance.now() - start) / 1000
}

/** Megabytes of anonymous pages and of mapped files; both unknown (NaN) where there is no /proc. */
function memory() {
  if (process.platform !== 'linux') return { anonymous: Number.NaN, mapped: Number.NaN }
  const status = readFileSync('/proc/self/status', 'utf8')
  const field = (name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)[1]) / 1024
  return { anonymous: field('RssAnon'), mapped: field('RssFile') }
}

function round(value) {
  return Number(value.toPrecision(3))
}
