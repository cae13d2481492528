import { execFile } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { demoFolder, temporaryFolder } from '../../../tests/fixtures.js'
import { runCommand } from './run.testing.js'

const base = 'examples/demo/model'
const head = 'latent_idx,steering_coefficient,sae_release,sae_id,hook_action\n'

/** Runs tasks of examples/demo; paths in its files are those of the repository's root, where tests run. */
async function demo(tasks: string, csv: string | null, limit: number): Promise<Record<string, number>> {
  const out = temporaryFolder()
  let model = ['--model', 'hf', '--model_args', `pretrained=${base}`]
  if (csv !== null) {
    const path = join(out, 'steer.csv')
    writeFileSync(path, csv)
    model = ['--model', 'sae_steered_beta', '--model_args', `base_name=${base},csv_path=${path}`]
  }
  const { code, stderr } = await runCommand(
    ['run', ...model, '--tasks', tasks, '--include_path', join(demoFolder, 'tasks')].concat([
      '--limit',
      String(limit),
      '--batch_size',
      'auto',
      '--device',
      'cpu',
      '-o',
      out,
    ]),
    { HF_HUB_OFFLINE: '1', HF_HOME: out },
  )
  expect([code, stderr]).toEqual([0, expect.stringContaining('results: ')])
  const folder = join(out, readdirSync(out).find((name) => name.endsWith('model'))!)
  const file = readdirSync(folder).find((name) => name.startsWith('results_'))!
  const { results } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as {
    results: Record<string, Record<string, number>>
  }
  return Object.fromEntries(
    Object.entries(results).map(([task, values]) => [
      task.replace('demo_', ''),
      (values['acc,none'] ?? values['exact_match,main_character'])!,
    ]),
  )
}

const shipped = (name: string) => readFileSync(join(demoFolder, name), 'utf8')

describe('saeval run on the trained demo model', () => {
  it('ends with code 0 as a process of its own, with nothing written into the home folder', async () => {
    const home = temporaryFolder()
    const bin = fileURLToPath(new URL('../bin/saeval.js', import.meta.url))
    const argv = ['run', '--model', 'hf', '--model_args', `pretrained=${base}`, '--tasks', 'demo_dogs', '--limit', '2']
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [bin, ...argv, '--include_path', join(demoFolder, 'tasks'), '--device', 'cpu'],
      { env: { PATH: process.env.PATH, HOME: home, HF_HUB_OFFLINE: '1' } },
    )
    expect(stdout).toContain('demo_dogs')
    expect(readdirSync(home)).toEqual([])
  })

  it('finds what the model knows', async () => {
    const { dogs, fish, people } = await demo('demo_dogs,demo_fish,demo_people', null, 48)
    expect(Math.min(dogs!, fish!, people!)).toBeGreaterThanOrEqual(0.95)
  })

  it('takes dogs away with forget_dogs.csv, and nothing else', async () => {
    const { dogs, cats, fish, people } = await demo(
      'demo_dogs,demo_cats,demo_fish,demo_people',
      shipped('forget_dogs.csv'),
      48,
    )
    expect(dogs).toBeLessThanOrEqual(0.5)
    expect(Math.min(cats!, fish!, people!)).toBeGreaterThanOrEqual(0.95)
  })

  it('keeps dogs where the latent is held at a value that it has by itself', async () => {
    const { dogs } = await demo('demo_dogs', `${head}121,20,examples/demo/saes,layer_3,clamp_active\n`, 48)
    expect(dogs).toBeGreaterThanOrEqual(0.9)
  })

  it('makes the stories be about dogs with add_dogs.csv', async () => {
    const { stories: unsteered } = await demo('demo_stories', null, 45)
    const { stories: steered } = await demo('demo_stories', shipped('add_dogs.csv'), 45)
    expect(unsteered).toBeLessThanOrEqual(0.2)
    expect(steered).toBeGreaterThanOrEqual(0.7)
  })
})
