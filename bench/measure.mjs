// What the benchmarks share: the model, the machine's peak, floating-point operations, the report.

import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { loadModel } from '../packages/lm-backend-onnx/dist/index.js'
import { GraphBuilder } from '../packages/lm-backend-onnx/dist/onnx/graph-builder.js'
import { plan } from '../packages/lm-backend-onnx/dist/plan/plan.js'
import { prefixTree } from '../packages/lm-backend-onnx/dist/plan/prefix-tree.js'
import { fixedBudget } from '../packages/lm-backend-onnx/dist/plan/token-budget.js'
import { InferenceSession, Tensor } from '../packages/lm-backend-onnx/dist/runtime/onnxruntime.js'
import { passShapes } from '../packages/lm-backend-onnx/dist/runtime/pass-shapes.js'
import {
  pairEncoder,
  resolvePrefixTokenId,
  scoringWindow,
} from '../packages/lm-backend-onnx/dist/text/encode-requests.js'
import { makeModel } from './make-model.mjs'

/** Options of every benchmark: --model FOLDER (GPT-2 small's dimensions, or others where a benchmark names some, with random weights by default), --batch_size N, --threads N, and its own: numbers, and texts without defaults. */
export async function arguments_(own = {}, ownTexts = [], dimensions = {}) {
  const options = {
    model: { type: 'string' },
    batch_size: { type: 'string', default: '8' },
    threads: { type: 'string' },
  }
  for (const [name, value] of Object.entries(own)) options[name] = { type: 'string', default: String(value) }
  for (const name of ownTexts) options[name] = { type: 'string' }
  const { values } = parseArgs({ options })
  const name = ['gpt2', ...Object.entries(dimensions).flat()].join('-')
  const folder = values.model ?? join(tmpdir(), 'saeval-bench', name)
  const size = values.model === undefined ? await makeModel(folder, 'gpt2', dimensions) : null
  const numbers = Object.fromEntries(Object.keys(own).map((name) => [name, Number(values[name])]))
  const threads = values.threads === undefined ? {} : { threads: Number(values.threads) }
  const batchSize = values.batch_size === 'auto' ? 'auto' : Number(values.batch_size)
  const open = (more = {}) => loadModel({ model: folder, device: 'cpu', batchSize, ...threads, ...more })
  const texts = Object.fromEntries(ownTexts.map((name) => [name, values[name]]))
  return { folder, size, open, batchSize, threads, texts, ...numbers }
}

/** GFLOP/s of a matrix product that fills the machine, the best of several: by the clock and by processor time. */
export async function matrixPeak({ threads = availableParallelism() } = {}) {
  const [rows, inner, columns] = [1024, 2048, 2048]
  const graph = new GraphBuilder()
  const weights = graph.floats(
    Float32Array.from({ length: inner * columns }, (_, i) => (i % 7) - 3),
    [inner, columns],
  )
  const product = graph.node('MatMul', [graph.input('x', 'float32', ['N', inner]), weights])
  graph.output(graph.node('ReduceMax', [product], { keepdims: 0 }), 'y', 'float32', [])
  const session = await InferenceSession.create(graph.build(), { intraOpNumThreads: threads })
  const x = new Tensor('float32', new Float32Array(rows * inner).fill(0.5), [rows, inner])
  const best = { wall: Number.POSITIVE_INFINITY, cpu: Number.POSITIVE_INFINITY }
  for (let time = 0; time < 8; time++) {
    const { seconds, cpu } = await stopwatch(() => session.run({ x }))
    best.wall = Math.min(best.wall, seconds)
    best.cpu = Math.min(best.cpu, cpu)
  }
  await session.release()
  const flops = 2 * rows * inner * columns
  return { wall: flops / best.wall / 1e9, cpu: flops / best.cpu / 1e9 }
}

/**
 * FLOPs of one token's weights, of one cell of attention in all layers, and of one row that is read. After the last layer's attention only
 * rows that are read go on.
 */
export function costs({ layers, d_model: d, heads, kv_heads: kv, d_head: head, d_mlp: mlp, vocab }, gated = false) {
  const afterAttention = heads * head * d + (gated ? 3 : 2) * d * mlp
  const body = layers * (d * (heads + 2 * kv) * head + afterAttention) - afterAttention
  return { token: 2 * body, pair: 4 * layers * heads * head, row: 2 * (afterAttention + d * vocab) }
}

/** Requests as token ids and the positions that are read, as loglikelihood encodes them. */
export function encoded(model, requests) {
  const { tokenizer, info } = model
  const prefixTokenId = resolvePrefixTokenId(tokenizer, null, Number.POSITIVE_INFINITY)
  const encode = pairEncoder({ tokenizer, addBosToken: null, prefixTokenId, maxLength: info.maxLength })
  return requests.map(({ context, continuation }) => {
    const { contextIds, continuationIds } = encode(context, continuation)
    const { inputIds, targetIds } = scoringWindow(contextIds, continuationIds, info.maxLength)
    return { ids: inputIds, reads: targetIds.map((_, index) => inputIds.length - targetIds.length + index) }
  })
}

/** The passes of a fixed budget; auto counts as 8. */
export function planned(rows, { size, batchSize }) {
  const tree = prefixTree(rows)
  const longest = tree.lengths.reduce((most, length) => Math.max(most, length), 1)
  const spec =
    size === null
      ? { dModel: 1, nHeads: 1, dHead: 1 }
      : { dModel: size.d_model, nHeads: size.heads, dHead: size.d_head }
  const budget = fixedBudget(batchSize === 'auto' ? 8 : batchSize, longest, spec, {
    shape: passShapes.cpu,
    seen: Number.POSITIVE_INFINITY,
  })
  return { tree, passes: [...plan(rows, tree, budget.next)] }
}

/**
 * FLOPs that scoring takes at least, each distinct token once, and those that the passes of a fixed budget do; and how long tokenising and planning
 * the requests takes.
 */
export function scoringWork(model, given, requests) {
  const started = performance.now()
  const rows = encoded(model, requests)
  const { passes } = planned(rows, given)
  const found = { needed: 0, done: 0, passes: passes.length, before: (performance.now() - started) / 1000 }
  if (given.size === null) return found
  const { token, pair, row } = costs(given.size)
  for (const pass of passes) {
    found.done += pass.rows * pass.columns * (token + pair * (pass.past + pass.columns)) + pass.gather.length * row
    pass.positions.forEach((position, at) => {
      const isReal = at % pass.columns < pass.lengths[Math.floor(at / pass.columns)]
      if (isReal) found.needed += token + pair * (position + 1)
    })
    found.needed += pass.gather.length * row
  }
  return found
}

/** Runs a function between two measurements of the machine's peak, since other programs may share it. */
export async function timed(threads, run) {
  const before = await matrixPeak(threads)
  const value = await run()
  const after = await matrixPeak(threads)
  return { value, peak: (before.wall + after.wall) / 2, cpuPeak: Math.max(before.cpu, after.cpu) }
}

/** Wall-clock and processor seconds of a function; the second is of use where other programs share the machine (with --threads 1). */
export async function stopwatch(run) {
  const cpu = process.cpuUsage()
  const started = performance.now()
  await run()
  const { user, system } = process.cpuUsage(cpu)
  return { seconds: (performance.now() - started) / 1000, cpu: (user + system) / 1e6 }
}

/** Prints rows as a table, then everything as one line of JSON. */
export function report(name, rows) {
  const machine = { cpu: cpus()[0].model.trim(), threads: cpus().length, load: Number(loadavg()[0].toFixed(2)) }
  const rounded = rows.map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([key, value]) => [
        key,
        typeof value === 'number' ? Number(value.toPrecision(4)) : value,
      ]),
    ),
  )
  console.log(`${name}: ${machine.cpu}, ${machine.threads} threads, load average ${machine.load}`)
  console.table(rounded)
  console.log(JSON.stringify({ name, machine, rows: rounded }))
}

/** Most memory that this process has had, in MB. */
export function peakMemory() {
  return process.resourceUsage().maxRSS / 1024
}
