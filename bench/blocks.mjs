// What asking in blocks (eval-harness/src/requests/blocks.ts) costs beside asking for everything at once, in turn:
//   node bench/blocks.mjs [--questions 700] [--documents 1200] [--prompts 2048] [--new_tokens 8] [--rounds 2] [--model FOLDER] [--threads N]
import { blocksOf } from '../packages/eval-harness/dist/requests/blocks.js'
import { arguments_, report, stopwatch } from './measure.mjs'
import { generation, hellaswag, mmlu } from './shapes.mjs'

const { open, rounds, ...count } = await arguments_({
  questions: 700,
  documents: 1200,
  prompts: 2048,
  new_tokens: 8,
  rounds: 2,
})
const shapes = {
  'MMLU, 5 examples': mmlu({ shots: 5, questions: count.questions }),
  'HellaSwag-like': hellaswag({ documents: count.documents }),
  'texts, 2 examples': generation({ prompts: count.prompts, shots: 2, newTokens: count.new_tokens }),
}
const rows = []
for (const [shape, requests] of Object.entries(shapes)) {
  const documents = new Map()
  const placed = requests.map((request) => {
    const document = documents.get(request.context) ?? documents.size
    documents.set(request.context, document)
    return { request, task: 0, document }
  })
  const parts = { whole: [[...requests.keys()]], blocks: blocksOf(placed) }
  const times = { whole: [], blocks: [] }
  const tokens = {}
  for (let round = 0; round < rounds; round++)
    for (const [way, lists] of Object.entries(parts)) {
      const model = await open()
      const { answer } = await model.read(requests)
      await answer(lists[0].slice(0, 4))
      const before = model.report().tokens.computed
      times[way].push(
        await stopwatch(async () => {
          for (const indices of lists) await answer(indices)
        }),
      )
      tokens[way] = model.report().tokens.computed - before
      await model.close()
    }
  const least = (way, key) => Math.min(...times[way].map((time) => time[key]))
  rows.push({
    shape,
    blocks: parts.blocks.length,
    tokens: tokens.whole,
    'tokens in blocks': tokens.blocks,
    'cpu s': least('whole', 'cpu'),
    'cpu s in blocks': least('blocks', 'cpu'),
    'cpu ratio': least('blocks', 'cpu') / least('whole', 'cpu'),
    ratio: least('blocks', 'seconds') / least('whole', 'seconds'),
  })
}
report('blocks', rows)
