// node bench/gpu.mjs [--shape gemma2|tiny] [--devices cuda:0,webgpu] [--rows 1,8,32] [--tokens 512] [--new_tokens 32] [--minutes 9] [--python python3]
//
// What a GPU machine does with a model of Gemma 2 2B's shape and random weights, in one command and under ten minutes: for each device there,
// tokens/s of scoring and of generation at several numbers of rows, steered and not, the share of the device's own matrix peak that scoring
// reaches (of the same arithmetic), memory, and the largest difference of log-probabilities to transformers in float32 (to saeval on the CPU where Python has no torch). On
// CUDA, compute=tf32 and compute=bfloat16 too, without edits: their differences to the same reference, and to float32 on the same device.
// The model is made on the machine, into its temporary folder. One JSON line for each measurement, then a table.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { answerAll } from '../packages/language-model/dist/index.js'
import { listDevices, loadModel } from '../packages/lm-backend-onnx/dist/index.js'
import { GraphBuilder } from '../packages/lm-backend-onnx/dist/onnx/graph-builder.js'
import { cApiEngine } from '../packages/lm-backend-onnx/dist/runtime/c-api/c-api-engine.js'
import { CudaCopies } from '../packages/lm-backend-onnx/dist/runtime/c-api/cuda-driver.js'
import { openKoffi } from '../packages/lm-backend-onnx/dist/runtime/c-api/koffi.js'
import { findDevices } from '../packages/lm-backend-onnx/dist/runtime/devices.js'
import { makeModel } from './make-model.mjs'
import { costs } from './measure.mjs'

const text = (value) => ({ type: 'string', default: value })
const { values } = parseArgs({
  options: {
    shape: text('gemma2'),
    devices: { type: 'string' },
    rows: text('1,8,32'),
    tokens: text('512'),
    new_tokens: text('32'),
    minutes: text('9'),
    python: text('python3'),
  },
})
const tiny = { layers: 2, d_model: 64, heads: 4, kv_heads: 2, d_head: 16, d_mlp: 128, vocab: 1000, positions: 1024 }
if (!['gemma2', 'tiny'].includes(values.shape)) throw new Error(`--shape ${values.shape}: there are gemma2 and tiny`)
const rowCounts = values.rows.split(',').map(Number)
const [tokens, newTokens] = [Number(values.tokens), Number(values.new_tokens)]
const end = performance.now() + 60_000 * Number(values.minutes)
const hookOf = (model) => model.hookPoints.filter((name) => name.endsWith('hook_resid_post')).at(-2)
const report = (line) => console.log(JSON.stringify(line))

const folder = join(tmpdir(), 'saeval-bench', `gpu-${values.shape}`)
const size = await makeModel(folder, 'gemma2', values.shape === 'tiny' ? tiny : {})
/** Token ids that are the same at every run; rows begin differently, so that nothing is shared. */
const idsOf = (row, length) =>
  Array.from({ length }, (_, at) => 10 + ((row * 7919 + at * 104729 + ((at * at) % 997)) % (size.vocab - 20)))
const rowOf = (ids) => ({ ids, predictions: ids.slice(1).map((token, position) => ({ position, token })) })

const measured = values.devices === undefined ? await devicesHere() : await devicesNamed(values.devices.split(','))
const compared = [0, 1].map((row) => idsOf(row, Math.min(tokens, 256)))
const reference = byTransformers() ?? (await byCpu())
const table = []
for (const { name, hardware, library, provider } of measured) {
  report({ device: name, hardware: hardware.name, library, versions: hardware.versions })
  const computes = provider.name === 'cuda' ? ['float32', 'tf32', 'bfloat16'] : ['float32']
  let float32 = null
  for (const compute of computes) {
    try {
      const peak = await matrixPeak(provider, compute)
      report({ device: name, compute, matrix_tflops: peak / 1e12 })
      const scored = await measure(name, compute, peak, float32)
      if (compute === 'float32') float32 = scored
    } catch (error) {
      // the others are measured all the same
      report({ device: name, compute, not_measured: error.message })
    }
  }
}
console.log(`\nlargest differences are to ${reference.by}; ${tokens} tokens a row are scored, ${newTokens} written`)
console.table(table)

/** The GPUs here; the CPU where there is none. */
async function devicesHere() {
  const { devices, missing } = await listDevices()
  for (const { name, problem } of missing) report({ device: name, not_available: problem })
  const gpus = devices.filter(({ name }) => name !== 'cpu')
  return gpus.length > 0 ? gpus : devices
}

/** Those of these names that compute. */
async function devicesNamed(names) {
  const found = []
  for (const name of names) {
    try {
      found.push((await findDevices(name)).devices[0])
    } catch (error) {
      report({ device: name, not_available: error.message })
    }
  }
  return found
}

/** Measures a device that computes in something; gives the log-probabilities that are compared. `float32` are those of float32 on it, if measured. */
async function measure(name, compute, peak, float32) {
  if (performance.now() > end) {
    report({ device: name, compute, not_measured: `${values.minutes} minutes are over` })
    return null
  }
  const before = memoryUsed(name)
  const loadedAt = performance.now()
  const model = await loadModel({ model: folder, device: name, batchSize: 'auto', compute })
  try {
    const scored = (await model.scoreTokens(compared.map(rowOf))).map(({ logprobs }) => logprobs)
    const loaded = (performance.now() - loadedAt) / 1000
    const difference = largestDifference(scored, reference.logprobs)
    report({
      ...{ device: name, compute, largest_difference: difference, to: reference.by },
      ...(float32 === null ? {} : { largest_difference_to_float32: largestDifference(scored, float32) }),
      seconds_with_load: loaded,
    })
    for (const rows of rowCounts) {
      for (const steered of compute === 'float32' ? [false, true] : [false]) {
        if (performance.now() > end) {
          report({ device: name, compute, rows, not_measured: `${values.minutes} minutes are over` })
          return scored
        }
        const view = steered ? model.steer(edits(model)) : model
        const scoring = await rate(rows * tokens, () =>
          view.scoreTokens(Array.from({ length: rows }, (_, row) => rowOf(idsOf(row, tokens)))),
        )
        const generation = await rate(rows * newTokens, () => generate(view, rows))
        const { token, pair, row } = costs(size, true)
        const flops = token + (pair * tokens) / 2 + row
        const line = {
          device: name,
          compute,
          rows,
          steered,
          scoring_tokens_per_second: scoring,
          generated_tokens_per_second: generation,
          share_of_matrix_peak: (flops * scoring) / peak,
          ...memoryLine(name, before),
        }
        report(line)
        table.push(rounded({ ...line, largest_difference: difference }))
      }
    }
    return scored
  } finally {
    await model.close()
  }
}

function largestDifference(some, others) {
  const differences = some.flatMap((row, at) => row.map((value, place) => Math.abs(value - others[at][place])))
  // NaN is larger than any
  return differences.reduce((most, value) => Math.max(most, value), 0)
}

function rounded(line) {
  const short = (value) => (typeof value === 'number' ? Number(value.toPrecision(3)) : value)
  return Object.fromEntries(Object.entries(line).map(([name, value]) => [name, short(value)]))
}

/** Tokens a second, the better of two; the first makes sessions and warms up. */
async function rate(count, run) {
  let best = Number.POSITIVE_INFINITY
  for (let time = 0; time < 3; time++) {
    const start = performance.now()
    await run()
    if (time > 0) best = Math.min(best, (performance.now() - start) / 1000)
    if (performance.now() > end && time > 0) break
  }
  return count / best
}

function edits(model) {
  const hookPoint = hookOf(model)
  const addend = new Float32Array(model.widthOf(hookPoint)).fill(0.01)
  return [
    { hookPoint, stages: [{ addend, adds: [], readers: [], phases: [], gatesRead: 'clean', saeReplacement: null }] },
  ]
}

function generate(view, rows) {
  const request = (row) => ({
    type: 'generate_until',
    context: view.tokenizer.decode(idsOf(100 + row, 24)),
    ...{ until: [], maxGenToks: newTokens, doSample: false, temperature: 0 },
    // no token ends a text
    settings: { eos_token_id: null },
  })
  return answerAll(
    view,
    Array.from({ length: rows }, (_, row) => request(row)),
  )
}

/** Operations a second of a large product in an arithmetic, its operands on the device; the best of several. */
async function matrixPeak(provider, compute) {
  const n = values.shape === 'tiny' ? 256 : 4096
  const dtype = compute === 'bfloat16' ? 'bfloat16' : 'float32'
  const engine = await cApiEngine({ provider: { ...provider, tf32: compute === 'tf32' }, threads: null })
  try {
    const graph = new GraphBuilder()
    const [a, b] = [graph.input('a', dtype, [n, n]), graph.input('b', dtype, [n, n])]
    // a number comes down, so that the product is over when it is there
    const product = graph.node('MatMul', [a, b])
    graph.output(graph.node('Slice', [product, graph.ints([0, 0]), graph.ints([1, 1])]), 'y', dtype, [1, 1])
    const session = await engine.open(graph.build(), { folder: null, mapped: false, constants: {} })
    const numbers = dtype === 'float32' ? new Float32Array(n * n).fill(0.5) : new Uint16Array(n * n).fill(0x3f00)
    const matrix = await engine.upload({ dtype, data: numbers, dims: [n, n] })
    let best = Number.POSITIVE_INFINITY
    for (let time = 0; time < 6; time++) {
      const start = performance.now()
      await session.run({ a: matrix, b: matrix }, { y: 'host' })
      best = Math.min(best, (performance.now() - start) / 1000)
    }
    matrix.dispose()
    session.dispose()
    return (2 * n ** 3) / best
  } finally {
    await engine.close()
  }
}

/** Log-probabilities of transformers in float32; null where Python has no torch. */
function byTransformers() {
  const work = mkdtempSync(join(tmpdir(), 'saeval-gpu-'))
  try {
    writeFileSync(join(work, 'ids.json'), JSON.stringify(compared))
    const program = `
import json, sys, torch
from transformers import AutoModelForCausalLM
torch.backends.cuda.matmul.allow_tf32 = False
device = 'cuda' if torch.cuda.is_available() else 'cpu'
model = AutoModelForCausalLM.from_pretrained(sys.argv[1], dtype=torch.float32, attn_implementation='eager').to(device).eval()
ids = torch.tensor(json.load(open(sys.argv[2] + '/ids.json')), device=device)
with torch.no_grad():
    found = torch.log_softmax(model(ids).logits.float(), -1)[:, :-1].gather(-1, ids[:, 1:, None])[..., 0]
json.dump(found.cpu().tolist(), sys.stdout)`
    const { status, stdout } = spawnSync(values.python, ['-c', program, folder, work], {
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
      timeout: 180_000,
    })
    return status === 0 ? { by: 'transformers in float32', logprobs: JSON.parse(stdout) } : null
  } finally {
    rmSync(work, { recursive: true })
  }
}

async function byCpu() {
  const model = await loadModel({ model: folder, device: 'cpu' })
  const scored = await model.scoreTokens(compared.map(rowOf))
  await model.close()
  return { by: 'saeval on the CPU', logprobs: scored.map(({ logprobs }) => logprobs) }
}

/** Bytes of a GPU's memory that are in use, by CUDA's driver, which counts the GPUs as saeval does; null of other devices. */
function memoryUsed(name) {
  const id = /^cuda:(\d+)$/.exec(name)?.[1]
  if (id === undefined) return null
  const copies = new CudaCopies(openKoffi(), Number(id))
  try {
    const { free, total } = copies.memory()
    return total - free
  } finally {
    copies.close()
  }
}

function memoryLine(name, before) {
  const used = memoryUsed(name)
  const device = used === null ? {} : { device_memory_gb: (used - (before ?? 0)) / 1e9 }
  return { ...device, process_memory_gb: process.memoryUsage.rss() / 1e9 }
}
