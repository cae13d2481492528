// Greedy generation of prompts that share a beginning, beside transformers' generate where --python has it:
//   node bench/generation.mjs [--prompts 8] [--shots 2] [--new_tokens 64] [--rounds 2] [--python PYTHON|none] [--threads N]
import { answerAll } from '../packages/language-model/dist/index.js'
import { arguments_, peakMemory, report, stopwatch } from './measure.mjs'
import { reference } from './reference.mjs'
import { generation } from './shapes.mjs'

const { folder, open, threads, texts, rounds, ...shape } = await arguments_(
  { prompts: 8, shots: 2, new_tokens: 64, rounds: 2 },
  ['python'],
)
const requests = generation({ prompts: shape.prompts, shots: shape.shots, newTokens: shape.new_tokens })
const model = await open({ batchSize: shape.prompts })
await answerAll(
  model,
  requests.slice(0, 2).map((request) => ({ ...request, maxGenToks: 2 })),
)
const ours = []
const theirs = []
for (let round = 0; round < rounds; round++) {
  ours.push(await stopwatch(() => answerAll(model, requests)))
  if (texts.python === 'none') continue
  const prompts = requests.map(({ context }) => context)
  const job = { kind: 'generate', model: folder, prompts, new_tokens: shape.new_tokens, batch_size: shape.prompts }
  theirs.push(reference(texts.python, { ...job, ...threads }))
}
const tokens = shape.prompts * shape.new_tokens
const least = (times, key) => Math.min(...times.map((time) => time[key]))
const [seconds, cpu] = [least(ours, 'seconds'), least(ours, 'cpu')]
const rows = [{ by: 'saeval', seconds, 'cpu s': cpu, 'new tokens/s': tokens / seconds, 'peak memory MB': peakMemory() }]
if (theirs.length > 0) {
  const [other, otherCpu] = [least(theirs, 'seconds'), least(theirs, 'cpu')]
  const ratios = { ratio: other / seconds, 'cpu ratio': otherCpu / cpu }
  rows.push({
    by: 'transformers generate',
    seconds: other,
    'cpu s': otherCpu,
    'new tokens/s': tokens / other,
    ...ratios,
  })
}
await model.close()
report(`generation, ${shape.prompts} prompts, ${shape.new_tokens} new tokens each`, rows)
