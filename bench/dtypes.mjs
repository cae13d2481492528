// How much each dtype changes a model: log-probabilities of every next token of a text, against float32.
//
//   node bench/dtypes.mjs MODEL [--text FILE] [--tokens 256] [--json]
//
// The text is the first --tokens tokens of FILE (docs/internals/graph.md by default). Columns: mean and largest change of a token's
// log-probability in nats, change of the mean log-probability (perplexity is its exponential), tokens whose most likely successor is
// still the same.

import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { dtypes, loadModel } from '../packages/lm-backend-onnx/dist/index.js'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    text: { type: 'string', default: new URL('../docs/internals/graph.md', import.meta.url).pathname },
    tokens: { type: 'string', default: '256' },
    json: { type: 'boolean', default: false },
  },
})
const [model] = positionals
if (model === undefined) throw new Error('give the folder or the name of a model')
const text = readFileSync(values.text, 'utf8')

const plain = await run('float32')
const rows = []
for (const dtype of dtypes) {
  if (dtype === 'float32') continue
  const { logprobs, argmax } = await run(dtype)
  const changes = logprobs.map((value, i) => Math.abs(value - plain.logprobs[i]))
  rows.push({
    dtype,
    'mean change': round(mean(changes)),
    'largest change': round(Math.max(...changes)),
    'change of the mean': round(mean(logprobs) - mean(plain.logprobs)),
    'same most likely token (%)': round(100 * mean(argmax.map((token, i) => Number(token === plain.argmax[i])))),
  })
}
if (values.json) console.log(JSON.stringify({ model, tokens: plain.logprobs.length, rows }, null, 2))
else console.table(Object.fromEntries(rows.map(({ dtype, ...numbers }) => [dtype, numbers])))

async function run(dtype) {
  const loaded = await loadModel({ model, dtype, device: 'cpu', notice: (line) => console.error(line) })
  try {
    const ids = loaded.tokenizer.encode(text).slice(0, Math.min(Number(values.tokens), loaded.info.maxLength))
    const predictions = ids.slice(1).map((token, position) => ({ position, token }))
    const [{ logprobs }] = await loaded.scoreTokens([{ ids, predictions }])
    const { logits } = await loaded.runWithHooks(ids, {})
    const argmax = logits.slice(0, -1).map((row) => row.reduce((best, value, i) => (value > row[best] ? i : best), 0))
    return { logprobs, argmax }
  } finally {
    await loaded.close()
  }
}

function mean(numbers) {
  return numbers.reduce((sum, value) => sum + value, 0) / numbers.length
}

function round(value) {
  return Number(value.toPrecision(3))
}
