import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { nightly } from '../../../../tests/fixtures.js'
import { passes, place, refuses, saeval } from './plan.testing.js'

const before = process.cwd()
afterAll(() => process.chdir(before))

const base = ['--device', 'cpu', '-b', '4', '-o', 'out']
const steered = ['-a', 'base_name=examples/demo/model', '--csv', 'forget.csv', '--coefficients=-20,-5']
const demo = (tasks: string) => ['-t', tasks, '--include_path', 'examples/demo/tasks', '-L', '2', ...base]

const yaml = (metric: string) => `task: pets
dataset_path: json
dataset_kwargs: { data_files: { test: pets.jsonl } }
test_split: test
output_type: multiple_choice
doc_to_text: "{{question}}"
doc_to_choice: "{{choices}}"
doc_to_target: "{{gold}}"
metric_list: [{ metric: ${metric}, aggregation: mean, higher_is_better: true }]
`
const doc = (gold: number) => `${JSON.stringify({ question: 'A dog likes a', choices: [' bone', ' book'], gold })}\n`

const answers = () =>
  readdirSync('plan/answers', { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.json'))
    .map((name) => join('plan/answers', name))

describe('a merge', () => {
  it('is refused where answers would be scored otherwise than when the plan was made', async () => {
    process.chdir(place())
    const own = ['-t', 'pets', '--include_path', '.', ...base]
    const write = (metric: string, gold: number) => {
      writeFileSync('pets.yaml', yaml(metric))
      writeFileSync('pets.jsonl', doc(gold))
    }
    write('acc', 0)
    await passes(['plan', 'plan', '--shards', '1', '-M', 'hf', '-a', 'pretrained=examples/demo/model', ...own])
    await passes(['plan', 'sweeping', '--shards', '1', ...steered, ...own])
    const isRefused = async (plan: string, why: string) => {
      expect(await refuses(['merge', plan])).toContain(why)
      const written = existsSync('out') ? readdirSync('out', { recursive: true, encoding: 'utf8' }) : []
      expect(written.filter((name) => name.endsWith('.json'))).toEqual([])
    }
    const otherwise = 'pets has other documents, prompts, settings of generation or scoring'
    await passes(['work', 'sweeping'])
    write('acc_norm', 0)
    await isRefused('sweeping', otherwise)
    write('acc', 0)
    await passes(['work', 'plan'])
    write('acc', 1)
    await isRefused('plan', otherwise)
    write('acc', 0)
    const text = readFileSync('plan/plan.json', 'utf8')
    writeFileSync('plan/plan.json', text.replace('"plugins": ""', '"plugins": "0"'))
    await isRefused('plan', 'the plan was made with other code of plug-ins')
    writeFileSync('plan/plan.json', text)
    await passes(['merge', 'plan'])
  })

  it('of a run that scores nothing is that of its plan', async () => {
    process.chdir(place())
    const run = ['-M', 'hf', '-a', 'pretrained=examples/demo/model', '--predict_only', ...demo('demo_dogs')]
    await passes(['plan', 'plan', '--shards', '1', ...run])
    await passes(['work', 'plan'])
    await passes(['merge', 'plan'])
  })

  describe('of a sweep', () => {
    beforeAll(async () => {
      process.chdir(place())
      await passes(['plan', 'plan', '--shards', '2', ...steered, ...demo('demo_dogs,demo_cats')])
      await passes(['work', 'plan'])
    })

    it.each([
      ['is cut off', (text: string) => text.slice(0, -30)],
      ['is of another block', (text: string) => text.replace(/"part":".{8}/, '"part":"00000000')],
      ['has an answer too few', (text: string) => text.replace(/"answers":\[\[.*?\],/, '"answers":[')],
    ])('writes nothing where a file of answers %s, and names it', async (_, damage) => {
      const [one] = answers() as [string]
      const text = readFileSync(one, 'utf8')
      writeFileSync(one, damage(text))
      expect(readFileSync(one, 'utf8')).not.toBe(text)
      expect(await refuses(['merge', 'plan'])).toContain(one)
      expect(existsSync('out')).toBe(false)
      writeFileSync(one, text)
    })

    it('says where answers are of several kinds of hardware', async () => {
      const given = answers()
        .slice(0, 2)
        .map((path) => [path, readFileSync(path, 'utf8')] as const)
      for (const [at, [path, text]] of given.entries())
        writeFileSync(path, JSON.stringify({ ...JSON.parse(text), hardware: ['an abacus', 'tally sticks'][at] }))
      const { code, stderr } = await saeval(['merge', 'plan'])
      expect([code, stderr]).toEqual([0, expect.stringMatching(/the answers are of .*an abacus and tally sticks/)])
      for (const [path, text] of given) writeFileSync(path, text)
      rmSync('out', { recursive: true })
    })

    it('goes into a folder that has some of the tasks', async () => {
      await passes(['sweep', ...steered, ...demo('demo_dogs')])
      const printed = await passes(['merge', 'plan'])
      rmSync('out', { recursive: true })
      expect(printed).toBe(await passes(['merge', 'plan']))
      // nothing is missing then
      expect((await saeval(['sweep', ...steered, ...demo('demo_dogs,demo_cats')])).stderr).toContain(
        '3 of 3 runs are in out already',
      )
    })
  })
})

describe('a plan whose coefficients are measured, and which has controls', () => {
  it('is merged with what its maker has measured and drawn', nightly(), async () => {
    process.chdir(place())
    writeFileSync(
      'forget.csv',
      'latent_idx,steering_coefficient,sae_release,sae_id,unit\n121,0.5,examples/demo/saes,layer_3,residual_norm\n',
    )
    const asked = [...steered.slice(0, 4), '--controls', '2', ...demo('demo_dogs')]
    const settings = () => JSON.parse(readFileSync('plan/plan.json', 'utf8')).settings as { id: string }[]
    await passes(['plan', 'plan', '--shards', '1', ...asked])
    // a control that another machine has drawn
    const at = settings().findIndex(({ id }) => id.endsWith('control=latent_1'))
    const csv = readFileSync(`plan/settings/${at}.csv`, 'utf8')
    const [, drawn] = /^(\d+),/m.exec(csv)!
    const other = csv.replace(`\n${drawn},`, `\n${drawn === '14' ? 15 : 14},`)
    const folder = `out/cells/${settings()[at]!.id}`
    mkdirSync(folder, { recursive: true })
    writeFileSync(`${folder}/steer.csv`, other)
    rmSync('plan', { recursive: true })
    await passes(['plan', 'plan', '--shards', '1', ...asked])
    expect(readFileSync(`plan/settings/${at}.csv`, 'utf8')).toBe(other)
    rmSync('out', { recursive: true })
    await passes(['work', 'plan'])
    // a norm that another machine has measured: not that of what was worked on
    const plan = readFileSync('plan/plan.json', 'utf8')
    const { measured } = JSON.parse(plan)
    expect(measured).toEqual({ '["mean norm","blocks.3.hook_resid_post"]': [expect.any(Number)] })
    writeFileSync('plan/plan.json', plan.replace(/("\[.*norm.*": \[\s*)[\d.]+/, '$17'))
    expect(await refuses(['merge', 'plan'])).toContain('the model or its edits are not those of the plan')
    writeFileSync('plan/plan.json', plan)
    await passes(['merge', 'plan'])
    expect(readFileSync(`${folder}/steer.csv`, 'utf8')).toBe(other)
  })
})

describe('a worker that pulls', () => {
  it('waits for what another has, and takes it over when that one is dead', async () => {
    process.chdir(place())
    await passes(['plan', 'plan', '--shards', '2', ...steered, ...demo('demo_dogs')])
    const claim = 'plan/claims/00001.claim'
    writeFileSync(
      claim,
      JSON.stringify({ host: 'elsewhere', boot: '', namespace: '', pid: 1, started: '', token: 'x' }),
    )
    let isOver = false
    const working = saeval(['work', 'plan']).finally(() => {
      isOver = true
    })
    await expect.poll(answers, { timeout: 20_000 }).not.toEqual([])
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(isOver).toBe(false)
    utimesSync(claim, 1, 1)
    expect(await working).toMatchObject({
      code: 0,
      stdout: 'done: item 0, 1\n',
      stderr: expect.stringContaining('item 1 is being done by process 1 on elsewhere; waiting for it'),
    })
  })
})
