// The commands of two built checkouts in turn, on the same model, tasks and edits, and their ratios: is this checkout faster or slower than that one?
//   node bench/compare-checkouts.mjs OTHER [--rounds 3] [--only 0-shot,5-shot,generation,sweep,texts] [--model FOLDER] [--threads N] [--questions 100] [--new_tokens 32]
//
// OTHER is a folder with a clone in which `npx -y pnpm@10 build` has run. Each command is a process of its own, loading included; first one checkout
// begins, then the other. Times are medians of the rounds, by the clock and by processor time; a ratio above 1 says that this checkout is faster. Beside it
// stands how far the answers differ. `texts` is a sweep over 4 texts to be written, `sweep` one over the questions. Nothing else should run meanwhile.

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { makeModel, writeSafetensors } from './make-model.mjs'
import { report } from './measure.mjs'
import { generation, mmlu } from './shapes.mjs'

const number = (value) => ({ type: 'string', default: String(value) })
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: number(3),
    questions: number(100),
    new_tokens: number(32),
    only: { type: 'string' },
    model: { type: 'string' },
    threads: { type: 'string' },
  },
})
const here = fileURLToPath(new URL('..', import.meta.url))
const program = (checkout) => join(checkout, 'packages', 'cli', 'dist', 'bin.js')
const other = resolve(positionals[0] ?? '')
if (positionals.length !== 1 || !existsSync(program(other)))
  throw new Error(`${program(other)} is not there: name one folder with a clone that is built`)

const work = mkdtempSync(join(tmpdir(), 'saeval-compare-'))
const model = values.model ? resolve(values.model) : join(tmpdir(), 'saeval-bench', 'gpt2')
if (values.model === undefined) await makeModel(model, 'gpt2')
const {
  n_embd,
  hidden_size = n_embd,
  n_layer,
  num_hidden_layers: layers = n_layer,
} = JSON.parse(readFileSync(join(model, 'config.json'), 'utf8'))
const csv = await writeEdits()
const tasks = writeTasks()

const threads = values.threads === undefined ? '' : `,threads=${values.threads}`
const common = ['--include_path', tasks, '--batch_size', 'auto', '--device', 'cpu']
const run = (task) => [
  'run',
  '--model',
  'hf',
  '-a',
  `pretrained=${model}${threads}`,
  '--tasks',
  task,
  '--log_samples',
  ...common,
]
const steered = ['-a', `base_name=${model}${threads}`, '--csv', csv, '--coefficients=1,2,3,4,5,6,7,8']
const commands = {
  '0-shot': run('bench_questions'),
  '5-shot': [...run('bench_questions'), '--num_fewshot', '5'],
  generation: run('bench_texts'),
  sweep: ['sweep', ...steered, '--tasks', 'bench_questions', ...common],
  texts: ['sweep', ...steered, '--tasks', 'bench_texts', '--limit', '4', ...common],
}
const wanted = values.only?.split(',')
const rows = []
try {
  for (const [name, command] of Object.entries(commands)) {
    if (wanted && !wanted.includes(name)) continue
    const times = { here: [], other: [] }
    const difference = { logprob: 0, texts: 0 }
    // files are read from the disk once before anything counts
    measure(here, command)
    for (let round = 0; round < Number(values.rounds); round++) {
      const first = round % 2 === 0
      const one = measure(first ? here : other, command)
      const two = measure(first ? other : here, command)
      const [own, others] = first ? [one, two] : [two, one]
      times.here.push(own)
      times.other.push(others)
      for (const [kind, found] of Object.entries(differenceOf(own.answers, others.answers)))
        difference[kind] = Math.max(difference[kind], found)
    }
    const [seconds, before] = [median(times.here, 'seconds'), median(times.other, 'seconds')]
    const [cpu, cpuBefore] = [median(times.here, 'cpu'), median(times.other, 'cpu')]
    rows.push({
      command: name,
      'other s': before,
      'this s': seconds,
      ratio: before / seconds,
      'cpu ratio': cpuBefore / cpu,
      'log-probabilities differ by': difference.logprob,
      'other answers': difference.texts,
    })
  }
} finally {
  rmSync(work, { recursive: true })
}
report(`this checkout against ${positionals[0]}`, rows)

/** Runs a command of a checkout in a process of its own. */
function measure(checkout, command) {
  const out = mkdtempSync(join(work, 'out-'))
  const usage = join(out, 'usage')
  const note = `process.on('exit',()=>require('node:fs').writeFileSync(process.env.SAEVAL_BENCH_USAGE,JSON.stringify(process.cpuUsage())))`
  const hook = join(work, 'usage.cjs')
  writeFileSync(hook, note)
  const started = performance.now()
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--require', hook, program(checkout), ...command, '--output_path', out],
    { cwd: checkout, encoding: 'utf8', maxBuffer: 2 ** 28, env: { ...process.env, SAEVAL_BENCH_USAGE: usage } },
  )
  const seconds = (performance.now() - started) / 1000
  if (status !== 0) throw new Error(`${program(checkout)} ${command.join(' ')} has failed:\n${stderr}`)
  const { user, system } = JSON.parse(readFileSync(usage, 'utf8'))
  return { seconds, cpu: (user + system) / 1e6, answers: answersIn(out) }
}

/** All answers of a folder of results, in the order of files and documents: log-probabilities and texts. */
function answersIn(folder) {
  const files = readdirSync(folder, { recursive: true }).filter((name) => /samples_.*\.jsonl$/.test(name))
  if (files.length === 0) throw new Error(`no samples in ${folder}`)
  return files
    .map((name) => [name.replace(/_\d{4}-.*/, ''), readFileSync(join(folder, name), 'utf8').trim().split('\n')])
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, lines]) => lines.flatMap((line) => JSON.parse(line).filtered_resps.flat()))
}

/** The largest difference of log-probabilities, and how many other answers are not the same. */
function differenceOf(own, others) {
  if (own.length !== others.length) throw new Error(`${own.length} answers, and ${others.length} of the other checkout`)
  const found = { logprob: 0, texts: 0 }
  own.forEach((answer, at) => {
    const distance = Math.abs(Number(answer) - Number(others[at]))
    if (Number.isFinite(distance)) found.logprob = Math.max(found.logprob, distance)
    else if (answer !== others[at]) found.texts++
  })
  return found
}

function median(list, key) {
  const sorted = list.map((item) => item[key]).sort((a, b) => a - b)
  const middle = (sorted.length - 1) / 2
  return (sorted[Math.floor(middle)] + sorted[Math.ceil(middle)]) / 2
}

/** An SAE after two thirds of the layers, and a CSV that adds one of its latents. */
async function writeEdits() {
  const [latents, layer] = [64, Math.floor((2 * layers) / 3)]
  const folder = join(work, 'saes', 'sae')
  mkdirSync(folder, { recursive: true })
  const cfg = {
    ...{ architecture: 'standard', d_in: hidden_size, d_sae: latents, dtype: 'float32' },
    ...{ apply_b_dec_to_input: true, normalize_activations: 'none', reshape_activations: 'none' },
    metadata: { sae_lens_version: '6.0.0', model_name: model, hook_name: `blocks.${layer}.hook_resid_post` },
  }
  writeFileSync(join(folder, 'cfg.json'), JSON.stringify(cfg))
  await writeSafetensors(
    join(folder, 'sae_weights.safetensors'),
    [
      ['W_enc', [hidden_size, latents]],
      ['W_dec', [latents, hidden_size]],
      ['b_enc', [latents]],
      ['b_dec', [hidden_size]],
    ],
    'float32',
  )
  const csv = join(work, 'steer.csv')
  writeFileSync(csv, `latent_idx,steering_coefficient,sae_release,sae_id\n7,1,${join(work, 'saes')},sae\n`)
  return csv
}

/** Questions with four answers, and prompts of three examples to be continued. */
function writeTasks() {
  const folder = join(work, 'tasks')
  mkdirSync(folder)
  const jsonl = (name, documents) => {
    const file = join(folder, name)
    writeFileSync(file, documents.map((document) => `${JSON.stringify(document)}\n`).join(''))
    return file
  }
  const contexts = (questions, seed) => mmlu({ shots: 0, questions, seed }).filter((_, index) => index % 4 === 0)
  const question = ({ context }, index) => ({ text: context, answer: index % 4 })
  const data = {
    test: jsonl('questions.jsonl', contexts(Number(values.questions), 5).map(question)),
    validation: jsonl('examples.jsonl', contexts(5, 6).map(question)),
  }
  const texts = generation({ prompts: 32, shots: 3, newTokens: 1 }).map(({ context }) => ({
    text: context,
    answer: 'a',
  }))
  const base = { dataset_path: 'json', test_split: 'test', doc_to_text: '{{text}}' }
  const write = (task, config) =>
    writeFileSync(join(folder, `${task}.yaml`), JSON.stringify({ task, ...base, ...config }))
  write('bench_questions', {
    ...{ dataset_kwargs: { data_files: data }, fewshot_split: 'validation', fewshot_config: { sampler: 'first_n' } },
    ...{ output_type: 'multiple_choice', doc_to_choice: ['A', 'B', 'C', 'D'], doc_to_target: '{{answer}}' },
    metric_list: [{ metric: 'acc', aggregation: 'mean', higher_is_better: true }],
  })
  write('bench_texts', {
    dataset_kwargs: { data_files: { test: jsonl('texts.jsonl', texts) } },
    ...{ output_type: 'generate_until', doc_to_target: '{{answer}}' },
    generation_kwargs: { until: ['\n\n\n'], max_gen_toks: Number(values.new_tokens), do_sample: false },
    metric_list: [{ metric: 'exact_match', aggregation: 'mean', higher_is_better: true }],
  })
  return folder
}
