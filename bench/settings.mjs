// Texts that settings write side by side against each setting alone, and the last position of one text scored in both ways, in turn in one run:
//   node bench/settings.mjs [--settings 8] [--new_tokens 32] [--rounds 2] [--layer 8] [--model FOLDER] [--threads N]
// Prompts and documents are of 30 words; each case says how many the settings are asked.
import { answerAll } from '../packages/language-model/dist/index.js'
import { arguments_, report, stopwatch } from './measure.mjs'
import { generation } from './shapes.mjs'

const { open, ...given } = await arguments_({ settings: 8, new_tokens: 32, rounds: 2, layer: 8 })
const model = await open({ batchSize: 'auto' })
const hookPoint = `blocks.${given.layer}.hook_resid_post`
const d = model.widthOf(hookPoint)
const setting = (coefficient) => {
  const addend = Float32Array.from({ length: d }, (_, i) => coefficient * Math.sin(i))
  const stage = { addend, adds: [], readers: [], phases: [], gatesRead: 'clean', saeReplacement: null }
  return [{ hookPoint, stages: [stage] }]
}
const settings = Array.from({ length: given.settings }, (_, index) => setting(0.1 * (index + 1)))
const rows = []

/** Runs both ways in turn; the first time opens sessions. */
async function compare(what, alone, beside) {
  const times = { alone: [], beside: [] }
  for (let round = 0; round <= given.rounds; round++) {
    const [one, other] = [await stopwatch(alone), await stopwatch(beside)]
    if (round === 0) continue
    times.alone.push(one)
    times.beside.push(other)
  }
  const least = (list, key) => Math.min(...list.map((time) => time[key]))
  const of = (key) => [least(times.alone, key), least(times.beside, key)]
  const [[seconds, besideSeconds], [cpu, besideCpu]] = [of('seconds'), of('cpu')]
  rows.push({
    what,
    'alone s': seconds,
    'side by side s': besideSeconds,
    ratio: seconds / besideSeconds,
    'cpu ratio': cpu / besideCpu,
  })
}

for (const [prompts, shots] of [
  [1, 0],
  [2, 0],
  [4, 0],
  [8, 0],
  [4, 4],
]) {
  const requests = generation({ prompts, shots, newTokens: given.new_tokens })
  const texts = async (view) => {
    const written = []
    for (const edits of settings) written.push(await answerAll(view.steer(edits), requests))
    return JSON.stringify(written)
  }
  let [expected, found] = ['', '']
  await compare(
    `${prompts} texts${shots > 0 ? ` after ${shots} shots` : ''}`,
    async () => {
      expected = await texts(model)
    },
    async () => {
      found = await texts(model.writeBeside(settings))
    },
  )
  if (expected !== found) throw new Error(`${prompts} prompts: the texts are others side by side`)
}
for (const words of [30, 300]) {
  const ids = model.tokenizer.encode(generation({ prompts: 1, shots: words / 60, newTokens: 1 })[0].context)
  await compare(
    `scoring ${ids.length} tokens`,
    async () => {
      for (const edits of settings) await model.lastLogits(ids, [edits])
    },
    () => model.lastLogits(ids, settings),
  )
}
await model.close()
report(`${given.settings} settings, ${given.new_tokens} new tokens`, rows)
