import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type NullEffect, nullEffects, readExperiment } from '@saeval/report'
import { beforeAll, describe, expect, it } from 'vitest'
import { demoFolder, temporaryFolder } from '../../../../tests/fixtures.js'
import { runCommand } from '../run.testing.js'

const header = 'latent_idx,steering_coefficient,sae_release,sae_id,hook_action'
const controls = 4
const csv = join(temporaryFolder(), 'dogs.csv')
// the latent of dogs, and one that is active on the same questions and is about something else
writeFileSync(
  csv,
  `${header}\n${[121, 14].map((latent) => `${latent},-29,${join(demoFolder, 'saes')},layer_3,clamp_active\n`).join('')}`,
)
const model = ['-a', `base_name=${join(demoFolder, 'model')}`]
const tasks = [
  '-t',
  'demo_dogs',
  '-L',
  '12',
  '--include_path',
  join(demoFolder, 'tasks'),
  '-b',
  'auto',
  '--device',
  'cpu',
]
const folder = join(temporaryFolder(), 'sweep')
const sweep = (...more: string[]) =>
  runCommand(['sweep', ...model, '--csv', csv, '--separately', ...tasks, '-o', folder, ...more])

const resultsOf = (cell: string) => {
  const name = readdirSync(join(folder, 'cells', cell)).find((file) => file.startsWith('results_'))!
  return join(folder, 'cells', cell, name)
}

describe('saeval sweep --controls', () => {
  let stdout: string
  beforeAll(async () => {
    const done = await sweep('--controls', String(controls))
    expect({ code: done.code, stderr: done.code === 0 ? '' : done.stderr }).toEqual({ code: 0, stderr: '' })
    stdout = done.stdout
  }, 120_000)

  it('a planted effect beats its controls, a latent about something else does not', async () => {
    const experiment = await readExperiment(folder)
    expect(experiment.runs).toHaveLength(2)
    expect(experiment.controls).toHaveLength(2 * (2 * controls + 1))
    const [dogs, other] = nullEffects(experiment).map(([accuracy]) => accuracy!) as [NullEffect, NullEffect]
    for (const { kind, test } of dogs.against) {
      expect([kind, test.n]).toEqual([kind, controls])
      expect(test.pValue).toBeLessThan(0.01)
    }
    expect(dogs).toMatchObject({ metric: 'acc', effect: -1, flipped: 0 })
    expect(dogs.against.map(({ kind }) => kind)).toEqual(['random latents', 'random directions'])
    for (const { test } of other.against) expect(test.pValue).toBeGreaterThan(0.05)
  })

  it('shows them in its table, in sweep.csv, in compare and on the page', async () => {
    expect(stdout).toMatch(/\|Latents\| +p +\|Directions\| +p +\|Flipped\|/)
    const lines = readFileSync(join(folder, 'sweep.csv'), 'utf8').trim().split('\n')
    expect(lines[0]).toMatch(/detectable,random_latents_mean,random_latents_sd,random_latents_p,random_directions_mean/)
    // the unsteered model and two cells, no controls
    expect(lines).toHaveLength(4)
    const compared = await runCommand(['compare', resultsOf('baseline'), resultsOf('line=2,latent=121')])
    expect(compared.stdout).toMatch(/\|Latents\| +p +\|Directions\|/)
    const between = await runCommand(['compare', resultsOf('line=3,latent=14'), resultsOf('line=2,latent=121')])
    expect(between.stdout).not.toContain('Directions')
    const page = join(temporaryFolder(), 'page.html')
    expect((await runCommand(['report', folder, '--output', page])).code).toBe(0)
    expect(readFileSync(page, 'utf8')).toContain('Beside controls')
  })

  it('a control is a CSV that a run reads: of the same length elsewhere, or of another latent', async () => {
    const direction = join(folder, 'cells', 'line=2,latent=121,control=direction_1', 'steer.csv')
    expect(readFileSync(direction, 'utf8')).toMatch(/hook_action,random_direction\n121,-29,\S+,clamp_active,1234\n$/)
    const flipped = join(folder, 'cells', 'line=2,latent=121,control=flipped', 'steer.csv')
    expect(readFileSync(flipped, 'utf8')).toContain('\n121,29,')
    // commas divide --model_args
    const copy = join(temporaryFolder(), 'steer.csv')
    copyFileSync(direction, copy)
    const run = (more: string) =>
      runCommand(['run', '--model', 'sae_steered_beta', ...model, `csv_path=${copy}${more}`, ...tasks, '-L', '2'])
    const { code, stderr, stdout: table } = await run('')
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' })
    expect(table).toContain('in random direction 1234')
    expect(table).toMatch(/acc +\|↑ +\| +1\|/)
    expect((await run(',semantics=fork')).stderr).toContain(
      'steer.csv:2, column random_direction: a random direction has no meaning with semantics=fork',
    )
  })

  it('goes on with what is there, and draws the same again', async () => {
    const { stderr } = await sweep('--controls', String(controls))
    expect(stderr).toContain('21 of 21 runs are in')
    expect((await sweep('--controls', '1')).stderr).toContain('--controls 1 is no null distribution')
    expect((await sweep('--controls', '2000')).stderr).toContain('--controls 2000: the SAE has latents for')
    // without them the table has no columns of theirs
    expect((await sweep()).stdout).not.toContain('Directions')
  })
})
