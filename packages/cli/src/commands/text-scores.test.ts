import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { demoFolder, temporaryFolder } from '../../../../tests/fixtures.js'
import { runCommand } from '../run.testing.js'

function taskFolder(): string {
  const folder = temporaryFolder()
  writeFileSync(
    join(folder, 'texts.yaml'),
    `task: texts
dataset_path: json
dataset_kwargs: {data_files: {test: ${join(demoFolder, 'tasks/stories.jsonl')}}}
output_type: generate_until
test_split: test
doc_to_text: "{{opening}}"
doc_to_target: ""
generation_kwargs: {max_gen_toks: 8, until: ["\\n"]}
metric_list:
  - metric: unsteered_logprob
  - metric: unsteered_kl
  - metric: lens_inclusion
    sae_release: ${join(demoFolder, 'saes')}
    sae_id: layer_3
    latent_idx: 121
`,
  )
  return folder
}

async function scores(folder: string, ...model: string[]): Promise<Record<string, number>> {
  const out = join(temporaryFolder(), 'results.json')
  const argv = ['-t', 'texts', '--include_path', folder, '-L', '3', '-b', 'auto', '--device', 'cpu', '-o', out]
  const { code, stderr } = await runCommand(['run', '--model', ...model, ...argv])
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' })
  const file = /\S*results_?\S*\.json/.exec(stderr)?.[0] ?? out
  return (JSON.parse(readFileSync(file, 'utf8')) as { results: { texts: Record<string, number> } }).results.texts
}

it('tasks name metrics that ask the model without its edits, and baselines have them too', async () => {
  const folder = taskFolder()
  const base = join(demoFolder, 'model')
  const csv = join(temporaryFolder(), 'add.csv')
  const header = 'latent_idx,steering_coefficient,sae_release,sae_id,hook_action'
  writeFileSync(csv, `${header}\n121,25,${join(demoFolder, 'saes')},layer_3,add\n`)
  const before = await scores(folder, 'hf', '-a', `pretrained=${base}`)
  const after = await scores(folder, 'sae_steered_beta', '-a', `base_name=${base},csv_path=${csv}`)
  expect(before).toMatchObject({ 'unsteered_kl,none': 0, 'lens_inclusion,none': 0 })
  expect(after['lens_inclusion,none']).toBe(1)
  expect(after['unsteered_kl,none']).toBeGreaterThan(0.0005)
  expect(after['unsteered_logprob,none']).toBeLessThan(before['unsteered_logprob,none']!)
})
