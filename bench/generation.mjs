// Greedy generation of prompts that share a beginning of 2 and of 8 examples, and of texts of mixed lengths, beside transformers' generate where
// --python has it:
//   node bench/generation.mjs [--prompts 8] [--new_tokens 64] [--rounds 2] [--python PYTHON|none] [--threads N]
import { answerAll } from '../packages/language-model/dist/index.js'
import { arguments_, peakMemory, report, stopwatch } from './measure.mjs'
import { reference } from './reference.mjs'
import { generation } from './shapes.mjs'

const { folder, open, threads, texts, rounds, prompts, new_tokens } = await arguments_(
  { prompts: 8, new_tokens: 64, rounds: 2 },
  ['python'],
  // 8 examples are more than 1024 tokens
  { positions: 2048 },
)
const cases = [
  { name: '2 shots', requests: generation({ prompts, shots: 2, newTokens: new_tokens }) },
  { name: '8 shots', requests: generation({ prompts, shots: 8, newTokens: new_tokens }) },
  {
    name: '2 shots, mixed lengths',
    requests: generation({ prompts: 4 * prompts, shots: 2, newTokens: new_tokens, mixed: true }),
  },
]
const model = await open({ batchSize: prompts })
await answerAll(
  model,
  cases[0].requests.slice(0, 2).map((request) => ({ ...request, maxGenToks: 2 })),
)
const least = (times, key) => Math.min(...times.map((time) => time[key]))
const rows = []
for (const { name, requests } of cases) {
  const ours = []
  const theirs = []
  for (let round = 0; round < rounds; round++) {
    ours.push(await stopwatch(() => answerAll(model, requests)))
    // generate() writes as many tokens for each row of a batch
    if (texts.python === 'none' || requests.length > prompts) continue
    const contexts = requests.map(({ context }) => context)
    const job = { kind: 'generate', model: folder, prompts: contexts, new_tokens, batch_size: prompts }
    theirs.push(reference(texts.python, { ...job, ...threads }))
  }
  const tokens = requests.reduce((sum, { maxGenToks }) => sum + maxGenToks, 0)
  const [seconds, cpu] = [least(ours, 'seconds'), least(ours, 'cpu')]
  const times = { seconds, 'cpu s': cpu, 'new tokens/s': tokens / seconds, 'peak memory MB': peakMemory() }
  rows.push({ what: name, by: 'saeval', ...times })
  if (theirs.length === 0) continue
  const [other, otherCpu] = [least(theirs, 'seconds'), least(theirs, 'cpu')]
  const ratios = { ratio: other / seconds, 'cpu ratio': otherCpu / cpu }
  const found = { seconds: other, 'cpu s': otherCpu, 'new tokens/s': tokens / other, ...ratios }
  rows.push({ what: name, by: 'transformers generate', ...found })
}
await model.close()
report(`generation, ${prompts} prompts side by side, ${new_tokens} new tokens each`, rows)
