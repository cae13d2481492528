// Eleven coefficients and the unsteered model on a 5-shot subject, against one run:
//   node bench/sweep.mjs [--questions 100] [--layer 8] [--coefficients 11] [--model FOLDER] [--batch_size 8|auto] [--threads N]
// Edits stand after --layer (8 of GPT-2 small's 12: three quarters up). With --python, also how long as many runs of lm_eval take: an edit adds
// nothing to its time that matters, so unsteered ones stand for them (--batches of each run, 0: all).
import { answerAll } from '../packages/language-model/dist/index.js'
import { arguments_, peakMemory, report } from './measure.mjs'
import { reference } from './reference.mjs'
import { mmlu } from './shapes.mjs'

const given = await arguments_({ questions: 100, layer: 8, coefficients: 11, batches: 4 }, ['python'])
const model = await given.open()
const requests = mmlu({ shots: 5, questions: given.questions })
const hookPoint = `blocks.${given.layer}.hook_resid_post`
const { dims } = (await model.captureActivations('a', [hookPoint])).get(hookPoint)
const setting = (coefficient) => {
  const addend = Float32Array.from({ length: dims[1] }, (_, i) => coefficient * Math.sin(i))
  const stage = { addend, adds: [], readers: [], phases: [], gatesRead: 'clean', saeReplacement: null }
  return [{ hookPoint, stages: [stage] }]
}
const settings = [[], ...Array.from({ length: given.coefficients }, (_, index) => setting(index - 5 || 0.5))]
const seconds = async (run) => {
  const started = performance.now()
  await run()
  return (performance.now() - started) / 1000
}

// sessions open before anything is timed
const shared = model.shareBelow(settings.slice(1))
await answerAll(model, requests.slice(0, 1))
await answerAll(shared.steer(settings[1]), requests.slice(0, 1))

const before = await seconds(() => answerAll(model, requests))
const sweep = await seconds(async () => {
  for (const edits of settings) await answerAll(shared.steer(edits), requests)
})
const after = await seconds(() => answerAll(model, requests))
const one = Math.min(before, after)
const row = { settings: settings.length, 'one run s': one, 'sweep s': sweep, 'sweep / one run': sweep / one }
await model.close()
if (given.texts.python !== undefined) {
  const job = {
    kind: 'lm_eval',
    model: given.folder,
    requests: requests.map((item) => [item.context, item.continuation]),
  }
  const found = reference(given.texts.python, { ...job, batch_size: 8, most_batches: given.batches, ...given.threads })
  Object.assign(row, { 'lm_eval s, one run': found.seconds, by: found.by, 'share run': found.share })
  Object.assign(row, { 'lm_eval runs / sweep': (given.coefficients * found.seconds) / sweep })
}
report('sweep, MMLU 5-shot', [{ ...row, 'peak memory MB': peakMemory() }])
