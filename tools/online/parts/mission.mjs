// The command that saeval exists for, on the real model: it must run, steer, and hold its own checks.
import { join } from 'node:path'
import { atLeast, equal, noted } from '../check.mjs'
import { newestResults, newestSamples, saeval } from '../saeval.mjs'

const base = 'google/gemma-2-2b'
const csv = 'examples/dog_steer.csv'
const task = 'mmlu_abstract_algebra'
const downloads = [
  { type: 'model', name: base, path: '' },
  { type: 'model', name: 'google/gemma-scope-2b-pt-res', path: 'layer_20/width_16k/average_l0_71/' },
  { type: 'dataset', name: 'cais/mmlu', path: 'abstract_algebra/' },
]

async function run({ folder, flags, limit }) {
  const common = ['--tasks', task, '--batch_size', 'auto', '--log_samples', ...flags, ...limit]
  const [plain, steered] = [join(folder, 'unsteered'), join(folder, 'steered')]
  const beta = ['--model', 'sae_steered_beta', '--model_args', `base_name=${base},csv_path=${csv}`]
  await saeval(['run', '--model', 'hf', '--model_args', `pretrained=${base}`, ...common, '--output_path', plain])
  const printed = await saeval(['run', ...beta, ...common, '--output_path', steered])
  const results = newestResults(steered)
  const [before, after] = [plain, steered].map((place) => newestSamples(place, task))
  const changed = after.filter((sample, index) => String(sample.resps) !== String(before[index].resps)).length
  return [
    equal('the row is named', /dog_steer\.csv:2: add 240 x latent 12082/.test(printed), true),
    equal('questions', after.length, results['n-samples'][task].effective),
    equal('questions whose log-probabilities the row changes', changed, after.length),
    noted('accuracy, unsteered', newestResults(plain).results[task]['acc,none']),
    noted('accuracy, steered', results.results[task]['acc,none']),
  ]
}

async function verify({ device }) {
  const model = `base_name=${base},csv_path=${csv}`
  const { checks } = JSON.parse(await saeval(['verify', '--model_args', model, ...device, '--json']))
  const of = (outcome) => checks.filter((check) => check.outcome === outcome).length
  return [equal('checks that fail', of('failed'), 0), atLeast('checks that hold', of('ok'), 5)]
}

export const mission = [
  { name: 'mission', says: `${task} with ${csv} on ${base}`, downloads, parameters: 2.6e9, tokens: 2 * 9e3, run },
  {
    name: 'verify',
    says: `every check of saeval verify, on ${base}`,
    downloads: downloads.slice(0, 2),
    parameters: 2.6e9,
    tokens: 5e3,
    run: verify,
  },
]
