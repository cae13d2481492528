import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { nightly } from '../../../../tests/fixtures.js'
import { difference, resultsIn, withoutDates } from '../../../../tools/crash-drill/results.mjs'
import { csv, passes, place, refuses, saeval } from './plan.testing.js'

const tasks = ['--include_path', 'examples/demo/tasks', '--device', 'cpu', '-b', '4', '-L', '6', '-o', 'out']
const sweep = [
  '-a',
  'base_name=examples/demo/model',
  '--csv',
  csv,
  '--coefficients=-20,-5',
  '-t',
  'demo_dogs,demo_cats',
  ...tasks,
]
const steered = ['-M', 'sae_steered_beta', '-a', `base_name=examples/demo/model,csv_path=${csv}`]
const run = [...steered, '-t', 'demo_dogs,demo_stories', '-s', ...tasks]

const before = process.cwd()
afterAll(() => process.chdir(before))

/** The page and the charts of what lies in `out`: name -> text. */
const reported = async (folder: string) => {
  process.chdir(folder)
  const written = await passes(['report', 'out', '-o', 'page.html'])
  return new Map(
    written
      .trim()
      .split('\n')
      .map((name) => [name, withoutDates(readFileSync(name, 'utf8'))]),
  )
}

/** Results, samples, tables, the page and its charts. */
const isSame = async (alone: string, merged: string) => {
  expect(difference(resultsIn(alone), resultsIn(merged))).toBe(null)
  expect(difference(await reported(alone), await reported(merged))).toBe(null)
}

describe('a plan', () => {
  it('of a sweep is done in any order, and merged into the same bytes', async () => {
    const alone = place()
    process.chdir(alone)
    const printed = await passes(['sweep', ...sweep])
    process.chdir(place())
    expect(await passes(['plan', 'plan', '--shards', '3', ...sweep])).toContain('plan: 3 items of 3 settings')
    expect(await passes(['plan', 'plan', '--status'])).toBe('3 items: 0 done, 0 running, 0 failed, 0 lost, 3 waiting\n')
    expect(await passes(['work', 'plan', '--shard', '2'])).toBe('done: item 2\n')
    expect(await refuses(['merge', 'plan'])).toMatch(
      /2 of 3 items are not done.*\nitem 0 is waiting\nitem 1 is waiting\n/,
    )
    await passes(['work', 'plan'], { SLURM_ARRAY_TASK_ID: '0' })
    expect(await passes(['work', 'plan'])).toBe('done: item 1\n')
    expect(await passes(['work', 'plan'])).toBe('nothing was left to do\n')
    expect(await passes(['merge', 'plan'])).toBe(printed)
    await isSame(alone, process.cwd())
    // a claim is nobody's when the work is done
    expect(readdirSync('plan/claims')).toEqual([])
  })

  it('of a sweep that writes texts has those of one that writes them side by side', nightly(), async () => {
    const writing = sweep.map((word) => (word === 'demo_dogs,demo_cats' ? 'demo_dogs,demo_stories' : word))
    const alone = place()
    process.chdir(alone)
    const printed = await passes(['sweep', ...writing])
    process.chdir(place())
    await passes(['plan', 'plan', '--shards', '3', ...writing])
    await passes(['work', 'plan'])
    expect(await passes(['merge', 'plan'])).toBe(printed)
    await isSame(alone, process.cwd())
  })

  it('of a run divides its requests, and does again only what was lost', async () => {
    const alone = place()
    process.chdir(alone)
    const printed = await passes(['run', ...run])
    process.chdir(place())
    expect(await passes(['plan', 'plan', ...run, '--shards=5'])).toMatch(/plan: 2 items .*\n5 items were asked for/)
    await passes(['work', 'plan'])
    const answers = readdirSync('plan/answers', { recursive: true }).filter((name) => `${name}`.endsWith('.json'))
    expect(answers.length).toBe(2)
    const [lost, kept] = answers.map((name) => join('plan/answers', `${name}`)) as [string, string]
    const bytes = readFileSync(lost)
    rmSync(lost)
    writeFileSync(kept, readFileSync(kept, 'utf8').slice(0, -20))
    expect(await refuses(['merge', 'plan'])).toContain('1 of 2 items are not done')
    await passes(['work', 'plan'])
    expect(readFileSync(lost)).toEqual(bytes)
    expect(await refuses(['merge', 'plan'])).toMatch(/answers\/.*\.json is damaged; delete it/)
    rmSync(kept)
    await passes(['work', 'plan'])
    expect(await passes(['merge', 'plan'])).toBe(printed)
    await isSame(alone, process.cwd())
  })

  it('has items that last as long as is wanted, at the measured speed', async () => {
    process.chdir(place())
    // an hour is enough for everything, a millisecond for nothing: then each block is an item
    for (const [minutes, items] of [
      ['60', 1],
      ['0.00001', 2],
    ] as const) {
      const told = await passes(['plan', `plan-${minutes}`, '--shard_minutes', minutes, ...run])
      expect(told).toMatch(new RegExp(`^plan: ${items} items? of `))
      expect(told).toMatch(/\ntime: about .* an item at the speed of a try here\n/)
    }
    const { blocks, items } = JSON.parse(readFileSync('plan-0.00001/plan.json', 'utf8'))
    expect(items.map(({ work }: { work: number }) => work)).toEqual(blocks.map(({ work }: { work: number }) => work))
  })

  describe('is refused', () => {
    beforeAll(async () => {
      process.chdir(place())
      await passes(['plan', 'plan', '--shards', '2', ...run])
    })

    it('where the item is none', async () => {
      expect(await refuses(['work', 'plan', '--shard', '2'])).toContain('--shard 2: the plan plan has items 0 to 1')
      expect(await refuses(['work', 'plan'], { JOB_COMPLETION_INDEX: '7' })).toContain('the plan has 2 items')
    })

    it('where it is none, there is one already, or flags do not fit', async () => {
      expect(await refuses(['work', 'examples'])).toContain('examples is no plan: it has no plan.json')
      expect(await refuses(['plan', 'plan', '--shards', '2', ...run])).toContain('plan holds a plan already')
      expect(await refuses(['plan', 'other', ...run])).toContain('--shards is missing')
      expect(await refuses(['plan', 'other', '--shards', '2', ...run, '-c', 'kept'])).toContain('leave --use_cache out')
      expect(await refuses(['plan', 'other', '--shards', '2', ...run, '--seed', 'None'])).toContain('--seed None')
      expect(await refuses(['plan', 'other', '--shards', '2', ...run.slice(0, -2), '-a', 'token=a'])).toContain(
        'HF_TOKEN',
      )
    })

    it('where what is submitted cannot be', async () => {
      const scripts = await passes(['plan', 'plan', '--submit', 'slurm', '--dry_run', '--time', '9'])
      expect(scripts).toMatch(/#SBATCH --array=0-1\n.*#SBATCH --time=9\n.* work plan\n.* merge plan\n/s)
      expect(await passes(['plan', 'plan', '--submit', 'k8s'])).toContain('completions: 2\n')
      expect(await refuses(['plan', 'plan', '--submit', 'slurm'], { PATH: '/nowhere' })).toContain('there is no sbatch')
      expect(await refuses(['plan', 'other', '--shards', '2', '--time', '9', ...run])).toContain(
        '--time is for --submit',
      )
      expect(await refuses(['plan', 'other', '--submit', 'slurm', ...run])).toContain('--shards is missing')
      const idle = ['--limit', '7', '--submit', 'slurm', '--dry_run']
      expect(await refuses(['plan', 'plan', '--quiet', ...idle])).toContain('so --limit would do nothing')
      for (const more of [
        ['-L', '7'],
        ['--shards', '2'],
        ['--submit', 'slurm'],
      ])
        expect(await refuses(['plan', 'plan', '--status', ...more])).toContain('takes no other flags')
      expect(await refuses(['plan', 'plan', '--estimate', '--submit', 'slurm'])).toContain('give it without --submit')
    })

    it('where it is for a device that is not here', async () => {
      const elsewhere = run.map((word) => (word === 'cpu' ? 'cuda:7' : word))
      const { code, stdout, stderr } = await saeval(['plan', 'gpus', '--shards', '2', ...elsewhere])
      expect([code, stdout]).toEqual([0, expect.stringContaining('items are computed on: cuda:7\n')])
      expect(stderr).toMatch(/device: the CPU, in the place of cuda:7, which is not available here: .*\n/)
      expect(await refuses(['work', 'gpus'])).toContain('device "cuda:7" is not available')
      expect(await refuses(['plan', 'other', '--shard_minutes', '1', ...elsewhere])).toMatch(
        /--shard_minutes tries how fast this machine is, and it has no cuda:7/,
      )
      writeFileSync(
        'norm.csv',
        readFileSync(csv, 'utf8')
          .replace('latent_idx', 'unit,latent_idx')
          .replace('\n121', '\nresidual_norm,121')
          .replace('clamp_active', 'add'),
      )
      const measured = elsewhere.map((word) => word.replace(csv, 'norm.csv'))
      expect(await refuses(['plan', 'measured', '--shards', '2', ...measured])).toContain(
        'coefficients in units of the model are measured on it, and this machine has no cuda:7: plan on one that has',
      )
      // a worker that computes on what it finds
      const plan = readFileSync('plan/plan.json', 'utf8')
      expect(JSON.parse(plan)).toMatchObject({ device: 'cpu' })
      writeFileSync('plan/plan.json', plan.replace('"device": "cpu"', '"device": "cuda:1"'))
      expect(await refuses(['work', 'plan', '--shard', '0'])).toContain(
        'the plan is for cuda:1, and this process computes on cpu: start it where there is cuda:1',
      )
      writeFileSync('plan/plan.json', plan)
    })

    it('where anything has changed since it was made', async () => {
      const plan = readFileSync('plan/plan.json', 'utf8')
      const changed = async (from: RegExp | string, to: string) => {
        writeFileSync('plan/plan.json', plan.replace(from, to))
        const said = await refuses(['work', 'plan', '--shard', '0'])
        writeFileSync('plan/plan.json', plan)
        return said
      }
      expect(await changed(/"saeval": ".*?"/, '"saeval": "0.0.1"')).toContain('the plan was made by saeval 0.0.1')
      expect(await changed(/"build": "./, '"build": "-')).toContain('the plan was made by other code of saeval')
      expect(await changed(/"plugins": ".*?"/, '"plugins": "0"')).toContain(
        'the plan was made with other code of plug-ins',
      )
      expect(await changed(/"demo_dogs": ".*?"/, '"demo_dogs": "0"')).toContain(
        'demo_dogs has other documents, prompts',
      )
      expect(await changed(/"fingerprint": ".*?"/, '"fingerprint": "0"')).toContain('the model is not that of the plan')
      expect(await changed('"items"', '"its"')).toContain('plan/plan.json is damaged')
      expect(await passes(['plan', 'plan', '--status'])).toMatch(
        /item 0: failed on .*: the model is not that of the plan/,
      )
      writeFileSync(csv, `${readFileSync(csv, 'utf8')}\n`)
      expect(await refuses(['work', 'plan', '--shard', '0'])).toContain(
        'forget.csv is another file now; the plan was made of',
      )
      expect(await refuses(['merge', 'plan'])).toContain('forget.csv is another file now')
    })
  })
})
