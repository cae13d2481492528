// The overhead of K edits at one hook point: node bench/steering.mjs [--edits 1] [--questions 20] [--rounds 4] [--model FOLDER] [--threads N]
// Rows unsteered, added, clamped and, with --d_sae, spliced (SAE of that size, published forks' semantics) take turns; the least of each counts.
import { answerAll } from '../packages/language-model/dist/index.js'
import { arguments_, peakMemory, report, stopwatch } from './measure.mjs'
import { mmlu } from './shapes.mjs'

const given = await arguments_({ edits: 1, questions: 20, rounds: 4, d_sae: 0 })
const model = await given.open()
const hookPoint = model.hookPoints.filter((name) => name.endsWith('hook_resid_post'))[5] ?? model.hookPoints.at(-1)
const d = (await model.captureActivations([1, 2, 3], [hookPoint])).get(hookPoint).dims[1]
const wave = (length, seed) => Float32Array.from({ length }, (_, i) => Math.sin(seed + i * 1.7) / Math.sqrt(d))
const nothing = { addend: null, adds: [], readers: [], phases: [], gatesRead: 'clean', saeReplacement: null }
const slots = Array.from({ length: given.edits }, (_, latent) => ({
  latent,
  encoder: wave(d, latent),
  bias: 0,
  threshold: 0,
  decoder: wave(d, latent + 0.5),
}))
const reader = { readFrom: null, normalization: 'none', scalesOutput: true, whole: null, slots }
const clamps = slots.map((_, slot) => ({ slot, gates: [], alpha: -1, beta: 5, positions: null }))
const settings = new Map([
  ['unsteered', []],
  ['add', [{ hookPoint, stages: [{ ...nothing, addend: wave(d, 9) }] }]],
  ['clamp', [{ hookPoint, stages: [{ ...nothing, readers: [reader], phases: [clamps] }] }]],
])
if (given.d_sae > 0) {
  const encoder = {
    key: 'bench',
    dSae: given.d_sae,
    encoder: wave(d * given.d_sae, 3),
    bias: new Float32Array(given.d_sae),
    threshold: new Float32Array(given.d_sae),
    membership: { kind: 'all' },
  }
  const decoder = { decoder: wave(d * given.d_sae, 4), bias: new Float32Array(d), restoresMean: false }
  for (const kind of ['pr2641', 'fork']) {
    const saeReplacement = {
      kind,
      readFrom: null,
      normalization: 'none',
      scalesOutput: true,
      encoder,
      decoder,
      positions: null,
    }
    settings.set(`saeReplacement ${kind}`, [
      { hookPoint, stages: [{ ...nothing, addend: wave(d, 9), saeReplacement }] },
    ])
  }
}
const requests = mmlu({ shots: 0, questions: given.questions })
const views = [...settings].map(([name, edits]) => ({
  name,
  view: model.steer(edits),
  seconds: Number.POSITIVE_INFINITY,
  cpu: Number.POSITIVE_INFINITY,
}))
for (const { view } of views) await answerAll(view, requests.slice(0, 1))
for (let round = 0; round < given.rounds; round++) {
  for (const item of views) {
    const time = await stopwatch(() => answerAll(item.view, requests))
    item.seconds = Math.min(item.seconds, time.seconds)
    item.cpu = Math.min(item.cpu, time.cpu)
  }
}
const base = views[0]
// multiplications that the edits add to those of the model
const shape = given.size
const body = shape === null ? null : 12 * shape.layers * shape.d_model ** 2
const added = { unsteered: 0, add: 0, clamp: 2 * d * given.edits }
const rows = views.map(({ name, seconds, cpu }) => ({
  setting: name,
  seconds,
  'overhead %': 100 * (seconds / base.seconds - 1),
  'cpu s': cpu,
  'cpu overhead %': 100 * (cpu / base.cpu - 1),
  'FLOPs added %':
    body === null ? null : (100 * (added[name] ?? 2 * d * given.d_sae * (name.endsWith('fork') ? 2 : 1))) / body,
}))
report(`${given.edits} edits at ${hookPoint}, d_sae ${given.d_sae}, peak memory ${peakMemory().toFixed(0)} MB`, rows)
await model.close()
