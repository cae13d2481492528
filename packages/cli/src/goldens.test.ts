import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { copyHfHome, fixtureJson, fixturePath, hasFixture, temporaryFolder } from '../../../tests/fixtures.js'
import { tolerance } from '../../../tests/tolerances.js'
import { runCommand } from './run.testing.js'

const models: Readonly<Record<string, string>> = { gpt2: 'openai-community/gpt2', gemma2: 'google/gemma-2-2b' }
const datasets = ['datasets--cais--mmlu', 'datasets--cais--wmdp'].filter((name) => hasFixture(`hf-home/hub/${name}`))

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
  'date',
  'pretty_env_info',
  'transformers_version',
  'lm_eval_version',
  'total_evaluation_time_seconds',
  'saeval',
]

/** The golden was made from a cache without a commit, from a checkout of lm_eval. */
function comparable(results: Json): Json {
  const copy = structuredClone(results) as Record<string, Json>
  for (const key of environment) delete copy[key]
  delete copy.config!.model_sha
  for (const { metadata } of Object.values(copy.configs!) as { metadata: { config_source: string } }[])
    metadata.config_source = metadata.config_source.replace(/^LM_EVAL\/lm_eval\//, '')
  return copy
}

describe('runs of lm_eval', () => {
  const names = ['mmlu_0shot', 'mmlu_5shot', 'mmlu_group', 'wmdp', 'system_only'].flatMap((name) =>
    Object.keys(models).map((model) => `${name}-${model}`),
  )

  it.each(names.filter((name) => hasFixture(`golden/eval/${name}`)))('%s is repeated', async (name) => {
    const { argv } = fixtureJson(`golden/eval/${name}/args.json`) as { argv: string[] }
    const repository = models[name.split('-')[1]!]!
    const out = temporaryFolder()
    const here = (word: string) => (word === 'OUT' ? out : word === 'tasks' ? fixturePath('golden/eval/tasks') : word)
    const env = offline([...datasets, `models--${repository.replace('/', '--')}`])
    const { code, stdout, stderr } = await runCommand(argv.map(here), env)
    expect(stderr).toMatch(/^results: /m)
    expect(code).toBe(0)
    expect(stdout).toBe(readFileSync(fixturePath(`golden/eval/${name}/stdout.txt`), 'utf8'))
    const golden = readOutput(fixturePath(`golden/eval/${name}/${repository.replace('/', '__')}`))
    const own = readOutput(join(out, repository.replace('/', '__')))
    expect(comparable(own.results)).toEqual(comparable(golden.results))
    expect(Object.keys(own.results).filter((key) => key !== 'saeval')).toEqual(Object.keys(golden.results))
    expect([...own.samples.keys()].sort()).toEqual([...golden.samples.keys()].sort())
    let largest = 0
    for (const [task, lines] of golden.samples) {
      const answers = own.samples.get(task)!
      expect(answers.length).toBe(lines.length)
      for (const [index, line] of lines.entries()) {
        const { resps, filtered_resps: filtered, ...rest } = line as { resps: string[][][]; filtered_resps: string[][] }
        const {
          resps: ownResps,
          filtered_resps: ownFiltered,
          ...ownRest
        } = answers[index] as { resps: string[][][]; filtered_resps: string[][] }
        expect(ownRest).toEqual(rest)
        expect(ownResps.map((answer) => answer[0]![1])).toEqual(resps.map((answer) => answer[0]![1]))
        expect(ownFiltered).toEqual(ownResps.map((answer) => answer[0]))
        expect(filtered.length).toBe(ownFiltered.length)
        for (const [i, answer] of resps.entries())
          largest = Math.max(largest, Math.abs(Number(answer[0]![0]) - Number(ownResps[i]![0]![0])))
      }
    }
    expect(largest).toBeLessThanOrEqual(
      name.endsWith('gemma2') ? tolerance.evaluationWithoutSoftcap : tolerance.evaluation,
    )
    if (process.env.SAEVAL_DEVIATIONS) console.log(name, largest)
  })
})

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
