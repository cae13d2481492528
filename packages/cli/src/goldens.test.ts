import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type PyDict, parseJson } from '@saeval/python'
import { describe, expect, it } from 'vitest'
import { copyHfHome, fixtureJson, fixturePath, hasFixture, temporaryFolder } from '../../../tests/fixtures.js'
import { tolerance } from '../../../tests/tolerances.js'
import { runCommand } from './run.testing.js'
import { upstreamFolder } from './upstream-tasks.testing.js'

const models: Readonly<Record<string, string>> = { gpt2: 'openai-community/gpt2', gemma2: 'google/gemma-2-2b' }
function offline(repositories: readonly string[]) {
  return { HF_HOME: copyHfHome(repositories), HF_HUB_OFFLINE: '1' }
}

type Json = Record<string, unknown>

function readOutput(folder: string): { results: Json; samples: Map<string, Json[]> } {
  const files = readdirSync(folder)
  const lines = (file: string) =>
    readFileSync(join(folder, file), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Json)
  return {
    results: JSON.parse(readFileSync(join(folder, files.find((file) => file.startsWith('results_'))!), 'utf8')),
    samples: new Map(
      files
        .filter((file) => file.startsWith('samples_'))
        .map((file) => [/^samples_(.*)_\d{4}-.*/.exec(file)![1]!, lines(file)]),
    ),
  }
}

/** Keys of results.json that say when and on which machine it was made. */
const environment = [
  'git_hash',
  'upper_git_hash',
  'date',
  'pretty_env_info',
  'transformers_version',
  'lm_eval_version',
  'total_evaluation_time_seconds',
  'saeval',
]

/** The golden was made from a cache without a commit; task files are named as they lie in lm_eval's and the fixtures' folders. */
function comparable(results: Json, upstream: string): Json {
  const copy = structuredClone(results) as Record<string, Json>
  for (const key of environment) delete copy[key]
  delete copy.config!.model_sha
  for (const { metadata } of Object.values(copy.configs!) as { metadata: { config_source: string } }[])
    metadata.config_source = metadata.config_source
      .replace(/^LM_EVAL\/lm_eval\//, '')
      .replace(`${upstream}/`, 'tasks/')
      .replace(/^.*(?=golden\/eval\/tasks\/)/, '')
  return copy
}

/** Whether two values of results are equal; numbers may differ by their share `near`. */
function agree(own: unknown, golden: unknown, near: number): boolean {
  if (typeof own === 'number' && typeof golden === 'number')
    return own === golden || Math.abs(own - golden) <= near * Math.max(Math.abs(golden), 1)
  if (typeof own !== 'object' || own === null || typeof golden !== 'object' || golden === null) return own === golden
  const keys = Object.keys(golden)
  return (
    Object.keys(own).join() === keys.join() &&
    keys.every((key) => agree((own as Json)[key], (golden as Json)[key], near))
  )
}

/** Metrics that are computed from log-likelihoods themselves, not from which of them is larger. */
const continuous = /perplexity|bits_per_byte|brier_score/

/** How far log-likelihoods may be apart: of gpt2 as the runs' own notes say, of gemma2 as the model's, which amplifies rounding more. */
function allowed(repository: string): number {
  if (repository === models.gpt2) return tolerance.evaluation
  const golden = fixtureJson(`golden/models/${repository.replace('/', '--')}.json`)
  return tolerance.logits(golden.tolerance['logits_change_for_1e-6_relative_embedding_noise'])
}

describe('runs of lm_eval', () => {
  const names = readdirSync(fixturePath('golden/eval')).filter((name) => hasFixture(`golden/eval/${name}/args.json`))

  it.for(names)('%s is repeated', async (name, { skip }) => {
    const { argv } = fixtureJson(`golden/eval/${name}/args.json`) as { argv: string[] }
    const repository = models[name.split('-')[1]!]!
    const goldenFolder = fixturePath(`golden/eval/${name}/${repository.replace('/', '__')}`)
    const golden = readOutput(goldenFolder)
    const words = argv[argv.indexOf('--tasks') + 1]!.split(',')
    const file = readdirSync(goldenFolder).find((found) => found.startsWith('results_'))!
    const recorded = parseJson(readFileSync(join(goldenFolder, file), 'utf8')) as PyDict
    const include = argv.includes('--include_path')
    const shipped = words.every((word) => /^(mmlu|wmdp)/.test(word))
    // groups and tasks of this package and of the fixtures are read as they are
    const upstream = include || shipped ? temporaryFolder() : upstreamFolder(recorded.get('configs') as PyDict, words)
    if (upstream === null) return skip("Python files of lm_eval's task folder")
    const out = temporaryFolder()
    const here = (word: string) => (word === 'OUT' ? out : word === 'tasks' ? fixturePath('golden/eval/tasks') : word)
    const paths = Object.values(golden.results.configs as Record<string, { dataset_path: string }>)
    const repositories = new Set([
      ...paths.map(({ dataset_path: path }) => `datasets--${path.replace('/', '--')}`),
      `models--${repository.replace('/', '--')}`,
      ...argv
        .flatMap((word) => /tokenizer=([^,]*)/.exec(word)?.[1]?.replace('/', '--') ?? [])
        .map((id) => `models--${id}`),
    ])
    const { code, stdout, stderr } = await runCommand(
      [...argv.map(here), '--include_path', upstream],
      offline([...repositories]),
    )
    expect(stderr).toMatch(/^results: /m)
    expect(code).toBe(0)
    const near = allowed(repository)
    const digits = (text: string) => (continuous.test(text) ? text.replace(/[\d.]+|[ -]+/g, '') : text)
    expect(digits(stdout)).toBe(digits(readFileSync(fixturePath(`golden/eval/${name}/stdout.txt`), 'utf8')))
    const own = readOutput(join(out, repository.replace('/', '__')))
    const { results: ownScores, ...ownRest } = comparable(own.results, upstream)
    const { results: scores, ...rest } = comparable(golden.results, upstream)
    const { groups: ownGroups, ...ownFacts } = ownRest
    const { groups, ...facts } = rest
    expect(ownFacts).toEqual(facts)
    // a perplexity is the exponential of a mean of log-likelihoods: a difference there is a share here
    const share = 2 * near
    expect([agree(ownScores, scores, share), ownScores]).toEqual([true, expect.anything()])
    expect(agree(ownGroups ?? null, groups ?? null, share)).toBe(true)
    expect(Object.keys(own.results).filter((key) => key !== 'saeval')).toEqual(Object.keys(golden.results))
    expect([...own.samples.keys()].sort()).toEqual([...golden.samples.keys()].sort())
    let largest = 0
    for (const [task, lines] of golden.samples) {
      const answers = own.samples.get(task)!
      expect(answers.length).toBe(lines.length)
      for (const [index, line] of lines.entries()) {
        const exact = (sample: Json) =>
          Object.fromEntries(Object.entries(sample).filter(([key]) => !/resps/.test(key) && !continuous.test(key)))
        expect(exact(answers[index]!)).toEqual(exact(line))
        expect(Object.keys(answers[index]!)).toEqual(Object.keys(line))
        for (const key of ['resps', 'filtered_resps'])
          largest = Math.max(largest, difference(answers[index]![key], line[key]))
      }
    }
    expect(largest).toBeLessThanOrEqual(near)
    if (process.env.SAEVAL_DEVIATIONS) console.log(name, largest)
  })
})

/** Largest difference of the log-likelihoods in answers, which must have the same texts otherwise. */
function difference(own: unknown, golden: unknown): number {
  if (Array.isArray(own) && Array.isArray(golden) && own.length === golden.length)
    return Math.max(0, ...golden.map((item, index) => difference(own[index], item)))
  const isNumber = (value: unknown) => typeof value === 'string' && /^-?\d+\.\d+(e-\d+)?$/.test(value)
  if (isNumber(own) && isNumber(golden)) return Math.abs(Number(own) - Number(golden))
  expect(own).toEqual(golden)
  return 0
}

describe('whole steered evaluations', () => {
  const folder = 'golden/steered_eval'
  const cases = readdirSync(fixturePath(folder)).filter((file) => file.endsWith('.json'))

  it.each(cases)('%s', async (file) => {
    const golden = fixtureJson(`${folder}/${file}`) as {
      csv: string
      task: string
      num_fewshot: number
      acc: number
      docs: { ll: number[]; acc: number; doc_hash: string; prompt_hash: string }[]
    }
    const out = temporaryFolder()
    const csv = join(out, 'steer.csv')
    writeFileSync(csv, golden.csv)
    const steered = golden.csv.trim().split('\n').length > 1
    const model = steered
      ? ['--model', 'sae_steered_beta', '--model_args', `base_name=google/gemma-2-2b,csv_path=${csv}`]
      : ['--model', 'hf', '--model_args', 'pretrained=google/gemma-2-2b']
    const env = offline(['datasets--cais--mmlu', 'models--google--gemma-2-2b', 'models--google--gemma-scope-2b-pt-res'])
    const shots = golden.num_fewshot ? ['--num_fewshot', String(golden.num_fewshot)] : []
    const { code, stderr } = await runCommand(
      [...model, '--tasks', golden.task, ...shots, '--batch_size', '16', '-s', '-o', out, '--device', 'cpu'],
      env,
    )
    expect([code, stderr]).toEqual([0, expect.stringContaining('results: ')])
    const { results, samples } = readOutput(join(out, 'google__gemma-2-2b'))
    expect((results.results as Record<string, Json>)[golden.task]!['acc,none']).toBe(golden.acc)
    const lines = samples.get(golden.task) as unknown as {
      resps: string[][][]
      acc: number
      doc_hash: string
      prompt_hash: string
    }[]
    expect(lines.length).toBe(golden.docs.length)
    let largest = 0
    for (const [index, doc] of golden.docs.entries()) {
      const { resps, acc, doc_hash: docHash, prompt_hash: promptHash } = lines[index]!
      expect([acc, docHash, promptHash]).toEqual([doc.acc, doc.doc_hash, doc.prompt_hash])
      for (const [choice, ll] of doc.ll.entries()) {
        largest = Math.max(largest, Math.abs(Number(resps[choice]![0]![0]) - ll))
      }
    }
    expect(largest).toBeLessThanOrEqual(tolerance.steeredEvaluation)
    if (process.env.SAEVAL_DEVIATIONS) console.log(file, largest)
  })
})
