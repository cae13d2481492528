import { cpSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readExperiment } from '@saeval/report'
import { beforeAll, describe, expect, it } from 'vitest'
import { copyHfHome, temporaryFolder } from '../../../../tests/fixtures.js'
import { tolerance } from '../../../../tests/tolerances.js'
import { runCommand } from '../run.testing.js'

const steerCsv = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', '..', 'examples', 'dog_steer.csv')
const task = ['--tasks', 'mmlu_abstract_algebra', '--limit', '6', '--num_fewshot', '1']
const args = ['-a', 'base_name=google/gemma-2-2b', '--csv', steerCsv, '--coefficients=-240,0,240', ...task]

/** Log-probabilities of every choice in a cell's samples. */
function logprobs(folder: string): number[] {
  const file = readdirSync(folder).find((name) => name.startsWith('samples_'))!
  const lines = readFileSync(join(folder, file), 'utf8').trim().split('\n')
  return lines.flatMap((line) => JSON.parse(line).filtered_resps.map(([logprob]: [string]) => Number(logprob)))
}

describe('saeval sweep', () => {
  let env: Record<string, string>
  let folder: string
  beforeAll(async () => {
    const home = copyHfHome([
      'datasets--cais--mmlu',
      'models--google--gemma-2-2b',
      'models--google--gemma-scope-2b-pt-res',
    ])
    env = { HF_HOME: home, HF_HUB_OFFLINE: '1' }
    folder = join(temporaryFolder(), 'sweep')
    const { code, stdout, stderr } = await runCommand(['sweep', ...args, '-o', folder], env)
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^\|coefficient −240\|abstract_algebra\|none {2}\|acc {3}\|/m)
  })

  it('gives every cell what a single run gives', async () => {
    for (const coefficient of [-240, 0, 240]) {
      const cell = join(folder, 'cells', `coefficient=${coefficient}`)
      const single = temporaryFolder()
      const model = `base_name=google/gemma-2-2b,csv_path=${join(cell, 'steer.csv')}`
      const argv = ['run', '-M', 'sae_steered_beta', '-a', model, ...task, '-s', '-o', single, '--allow_inert_rows']
      expect((await runCommand(argv, env)).code).toBe(0)
      const expected = logprobs(join(single, 'google__gemma-2-2b'))
      logprobs(cell).forEach((logprob, index) => {
        expect(Math.abs(logprob - expected[index]!)).toBeLessThanOrEqual(tolerance.evaluation)
      })
    }
  })

  it('has the unsteered model as its baseline, which coefficient 0 equals', () => {
    const [baseline, zero, steered] = ['baseline', 'coefficient=0', 'coefficient=240'].map((id) =>
      logprobs(join(folder, 'cells', id)),
    ) as [number[], number[], number[]]
    expect(zero).toEqual(baseline)
    expect(steered.some((logprob, index) => Math.abs(logprob - baseline[index]!) > 0.1)).toBe(true)
  })

  it('writes what a report and a spreadsheet read', async () => {
    const { baseline, runs, command, missing } = await readExperiment(folder)
    expect(baseline?.results.model).toBe('hf')
    expect(runs.map(({ parameters }) => parameters)).toEqual([
      { coefficient: -240 },
      { coefficient: 0 },
      { coefficient: 240 },
    ])
    expect(command).toContain(`--coefficients=-240,0,240`)
    expect(missing).toBe(0)
    const [header, ...lines] = readFileSync(join(folder, 'sweep.csv'), 'utf8').trim().split('\n')
    expect(header).toBe(
      'coefficient,task,metric,filter,value,stderr,n,difference,difference_low,difference_high,p_value,p_value_holm,test,improved,worsened,detectable',
    )
    expect(lines).toHaveLength(4)
    expect(lines[2]).toMatch(
      /^0,mmlu_abstract_algebra,acc,none,[\d.]+,[\d.]+,6,0,-[\d.]+,[\d.]+,1,1,mcnemar,0,0,0\.\d+$/,
    )
  })

  it('runs only what is missing when it is started again', async () => {
    const copy = join(temporaryFolder(), 'sweep')
    cpSync(folder, copy, { recursive: true })
    rmSync(join(copy, 'cells', 'coefficient=240'), { recursive: true })
    const { code, stderr } = await runCommand(['sweep', ...args, '-o', copy], env)
    expect(code).toBe(0)
    expect(stderr).toContain('\nrun  coefficient  mmlu_abstract_a…  acted    time\n')
    expect(stderr.match(/^\d+\/\d+ {2}.*/gm)).toEqual([
      expect.stringMatching(/^1\/1 {2}240 {10} +0\.\d{4} +\d+ % +<?\d+ s$/),
    ])
    expect(stderr).toContain('3 of 4 runs are in')
    expect(stderr).not.toContain('unsteered')
    expect(logprobs(join(copy, 'cells', 'coefficient=240'))).toEqual(logprobs(join(folder, 'cells', 'coefficient=240')))
  })

  it.each([
    [['--scales', '2'], 'give one of them'],
    [['--predict_only'], '--predict_only is a flag of "saeval run"'],
    [['--model', 'hf'], 'leave --model out'],
  ])('says what is wrong (%#)', async (more, message) => {
    const { code, stderr } = await runCommand(['sweep', ...args, '-o', folder, ...more], env)
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(message) })
  })

  it('tries every cell before the first one runs', async () => {
    const nowhere = join(temporaryFolder(), 'sweep')
    const huge = args.map((word) => (word.startsWith('--coefficients') ? '--coefficients=1,1e30' : word))
    const { code, stderr } = await runCommand(['sweep', ...huge, '-o', nowhere], env)
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('steer.csv:2') })
    expect(stderr).not.toContain('run  coefficient')
  })

  it('leaves nothing where it cannot start', async () => {
    const nowhere = join(temporaryFolder(), 'sweep')
    const { code, stderr } = await runCommand(['sweep', ...args, '--actions', 'clmp', '-o', nowhere], env)
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('no action "clmp"') })
    expect(existsSync(nowhere)).toBe(false)
  })
})
