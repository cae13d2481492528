// Greedy generation of prompts that share a beginning, beside transformers' generate where --python has it:
//   node bench/generation.mjs [--prompts 8] [--shots 2] [--new_tokens 64] [--rounds 2] [--python PYTHON|none] [--threads N]
import { arguments_, peakMemory, report } from './measure.mjs'
import { reference } from './reference.mjs'
import { generation } from './shapes.mjs'

const { folder, open, threads, texts, rounds, ...shape } = await arguments_(
  { prompts: 8, shots: 2, new_tokens: 64, rounds: 2 },
  ['python'],
)
const requests = generation({ prompts: shape.prompts, shots: shape.shots, newTokens: shape.new_tokens })
const model = await open({ batchSize: shape.prompts })
await model.generateUntil(requests.slice(0, 2).map((request) => ({ ...request, maxGenToks: 2 })))
const ours = []
const theirs = []
for (let round = 0; round < rounds; round++) {
  const started = performance.now()
  await model.generateUntil(requests)
  ours.push((performance.now() - started) / 1000)
  if (texts.python === 'none') continue
  const prompts = requests.map(({ context }) => context)
  const job = { kind: 'generate', model: folder, prompts, new_tokens: shape.new_tokens, batch_size: shape.prompts }
  theirs.push(reference(texts.python, { ...job, ...threads }).seconds)
}
const tokens = shape.prompts * shape.new_tokens
const seconds = Math.min(...ours)
const rows = [{ by: 'saeval', seconds, 'new tokens/s': tokens / seconds, 'peak memory MB': peakMemory() }]
if (theirs.length > 0) {
  const other = Math.min(...theirs)
  rows.push({ by: 'transformers generate', seconds: other, 'new tokens/s': tokens / other, ratio: other / seconds })
}
await model.close()
report(`generation, ${shape.prompts} prompts, ${shape.new_tokens} new tokens each`, rows)
