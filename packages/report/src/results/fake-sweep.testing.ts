import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { seededUniform } from '@saeval/hub/internal/seeded-uniform'
import { temporaryFolder } from '../../../../tests/fixtures.js'
import type { ControlKind, SweepFile } from './sweep-file.js'

const date = '2026-01-02T03-04-05.000006'

/**
 * A sweep folder of two latents and these coefficients on tasks "dogs" and "cats" with `documents` documents each: dogs fall, cats hold. Latent 7 with the last
 * coefficient has `controls` random latents, as many random directions and the flipped sign.
 */
export function fakeSweep(coefficients: readonly number[], documents = 60, controls = 0): string {
  const folder = temporaryFolder()
  const random = seededUniform(7)
  const questions = Array.from({ length: documents }, random)
  const run = (id: string, latent: number, coefficient: number, modelArgs: object) => {
    const hardness = { dogs: Math.abs(coefficient) / (latent === 7 ? 60 : 300), cats: Math.abs(coefficient) / 1500 }
    const scores = Object.fromEntries(
      Object.entries(hardness).map(([task, lost]) => [task, questions.map((q) => Number(q < 0.9 - lost))]),
    )
    writeRun(join(folder, 'cells', id), modelArgs, scores)
    const path = `cells/${id}/results_${date}.json`
    return { dogs: path, cats: path }
  }
  const cells = [7, 11].flatMap((latent) =>
    coefficients.map((coefficient) => {
      const id = `latent-${latent}-coefficient-${coefficient}`
      const results = run(id, latent, coefficient, { base_name: 'tiny', csv_path: 'dogs.csv' })
      return { id, parameters: { coefficient, latent }, results }
    }),
  )
  const of = cells[coefficients.length - 1]!
  const control = (kind: ControlKind, name: string, strength: number) => {
    const id = `${of.id},control=${name.replace(' ', '_')}`
    const results = run(id, 7, strength, { base_name: 'tiny', csv_path: 'control.csv' })
    return { id, parameters: { ...of.parameters, control: name }, results, of: of.id, kind }
  }
  const drawn = Array.from({ length: controls }, (_, at) => at + 1)
  const sweep: SweepFile = {
    saeval: '1.2.3',
    command: 'saeval sweep --model_args base_name=tiny --coefficients "<-100:100:20>"',
    tasks: ['dogs', 'cats'],
    baseline: { id: 'baseline', parameters: {}, results: run('baseline', 7, 0, { pretrained: 'tiny' }) },
    cells,
    controls: [
      ...drawn.map((at) => control('random latents', `latent ${at}`, 2 * at)),
      ...drawn.map((at) => control('random directions', `direction ${at}`, 3 * at)),
      ...(controls > 0 ? [control('flipped sign', 'flipped', -10)] : []),
    ],
  }
  writeFileSync(join(folder, 'sweep.json'), JSON.stringify(sweep))
  return folder
}

/** Files of one run as lm_eval writes them: results_….json and a samples_….jsonl for each task. */
export function writeRun(
  folder: string,
  modelArgs: object,
  scores: Readonly<Record<string, readonly number[]>>,
  at = date,
): string {
  mkdirSync(folder, { recursive: true })
  const path = join(folder, `results_${at}.json`)
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const entries = Object.entries(scores)
  const of = (make: (values: readonly number[], task: string) => object) =>
    Object.fromEntries(entries.map(([task, values]) => [task, make(values, task)]))
  const result = (values: readonly number[], task: string) => {
    const p = mean(values)
    return {
      alias: task,
      sample_len: values.length,
      'acc,none': p,
      'acc_stderr,none': Math.sqrt((p * (1 - p)) / (values.length - 1)),
    }
  }
  const file = {
    results: of(result),
    group_subtasks: {},
    higher_is_better: of(() => ({ acc: true })),
    config: { model: 'pretrained' in modelArgs ? 'hf' : 'sae_steered_beta', model_args: modelArgs },
    date: 1767322000,
  }
  writeFileSync(path, JSON.stringify(file))
  for (const [task, values] of entries) {
    const lines = values.map((value, id) => JSON.stringify(sampleLine(task, id, value)))
    writeFileSync(join(folder, `samples_${task}_${at}.jsonl`), `${lines.join('\n')}\n`)
  }
  return path
}

function sampleLine(task: string, id: number, acc: number): object {
  const choices = [' a bark', ' a <meow>', ' a neigh', ' a chirp']
  const prompt = `Question: What sound does ${task} ${id} make?\nAnswer:`
  const gold = id % 4
  const resps = choices.map((_, index) => [
    String((index === gold) === (acc === 1) ? -1.5 - (id % 7) / 10 : -3 - index),
    'False',
  ])
  return {
    doc_id: id,
    doc: {},
    target: String(gold),
    arguments: Object.fromEntries(
      choices.map((choice, index) => [`gen_args_${index}`, { arg_0: prompt, arg_1: choice }]),
    ),
    resps: resps.map((pair) => [pair]),
    filtered_resps: resps,
    filter: 'none',
    metrics: ['acc'],
    doc_hash: `${task}${id}`,
    acc,
  }
}
