// saeval and lm_eval's hf model in turn on the same requests, float32 on the CPU:
//   node bench/compare-lm-eval.mjs [--shape mmlu-5-shot|mmlu-0-shot|hellaswag] [--rounds 2] [--batches 2] [--python PYTHON] [--threads N]
// Runs the real lm_eval where PYTHON can import it; else its batches through transformers, --batches of them standing for all (0: all).
import { answerAll } from '../packages/language-model/dist/index.js'
import { arguments_, report, stopwatch } from './measure.mjs'
import { reference } from './reference.mjs'
import { hellaswag, mmlu } from './shapes.mjs'

const shapes = {
  'mmlu-5-shot': () => mmlu({ shots: 5, questions: 100 }),
  'mmlu-0-shot': () => mmlu({ shots: 0, questions: 100 }),
  hellaswag: () => hellaswag({ documents: 40 }),
}
const { folder, open, threads, texts, rounds, batches } = await arguments_({ rounds: 2, batches: 2 }, [
  'shape',
  'python',
])
const names = texts.shape === undefined ? Object.keys(shapes) : [texts.shape]
const rows = []
for (const name of names) {
  if (!(name in shapes)) throw new Error(`--shape ${name}: there are ${Object.keys(shapes).join(', ')}`)
  const requests = shapes[name]()
  const model = await open()
  await answerAll(model, requests.slice(0, 1))
  const ours = []
  const theirs = []
  let by = ''
  let share = 1
  for (let round = 0; round < rounds; round++) {
    ours.push(await stopwatch(() => answerAll(model, requests)))
    const job = {
      kind: 'lm_eval',
      model: folder,
      requests: requests.map(({ context, continuation }) => [context, continuation]),
    }
    const result = reference(texts.python, { ...job, batch_size: 8, most_batches: batches, ...threads })
    theirs.push(result)
    by = result.by
    share = result.share
  }
  await model.close()
  // the least disturbed of each
  const least = (times, key) => Math.min(...times.map((time) => time[key]))
  const [saeval, other] = [least(ours, 'seconds'), least(theirs, 'seconds')]
  const cpuRatio = least(theirs, 'cpu') / least(ours, 'cpu')
  rows.push({
    shape: name,
    'saeval s': saeval,
    'reference s': other,
    ratio: other / saeval,
    'cpu ratio': cpuRatio,
    by,
    'share run': share,
  })
  report(`compare with lm_eval: ${name}`, rows.slice(-1))
}
if (rows.length > 1) report('compare with lm_eval', rows)
