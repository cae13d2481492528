import { chmodSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { beginPlanFolder, writePlan } from '@saeval/experiments/internal/plan/plan-folder'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { temporaryFolder } from '../../../../tests/fixtures.js'
import { version } from '../version.js'
import { passes, refuses, saeval } from './plan.testing.js'

const before = process.cwd()
afterAll(() => process.chdir(before))

const programs = temporaryFolder()
/** Puts a program of Slurm into the way of the real one: a script for sh. */
const program = (name: string, script: string) => {
  writeFileSync(join(programs, name), `#!/bin/sh\n${script}\n`)
  chmodSync(join(programs, name), 0o755)
}
const env = { PATH: `${programs}${delimiter}${process.env.PATH}` }
const slurm = ['plan', 'plan', '--submit', 'slurm']

beforeAll(() => {
  process.chdir(temporaryFolder())
  const item = { blocks: [0, 1] as const, settings: [0, 1] as const, work: 1 }
  beginPlanFolder('plan', new Map())
  writePlan('plan', {
    saeval: version,
    command: ['run'],
    files: {},
    plugins: '',
    asked: {},
    device: 'cpu',
    build: '',
    measured: {},
    model: null,
    settings: [{ id: 'run', fingerprint: 'a' }],
    blocks: [{ id: 'a', kind: 'loglikelihood', requests: 1, tokens: 1, work: 1 }],
    items: [item, item, item],
    cost: 1,
  })
  program('scontrol', 'echo "MaxArraySize            = 2"')
})

it('says which array it has submitted, also where the merge is refused', async () => {
  program('sbatch', 'cat > script; case "$*" in *afterany:77*) echo 78;; *) echo "77;main";; esac')
  expect(await passes(slurm, env)).toBe(
    'submitted: array 77 of 2 tasks for 3 items, each of which takes free ones until all are done; logs in plan/logs\nsubmitted: merge 78, after it\n',
  )
  program('sbatch', 'case "$*" in *afterany:77*) echo "no more jobs" >&2; exit 1;; *) echo 77;; esac')
  const { code, stdout, stderr } = await saeval(slurm, env)
  expect([code, stdout]).toEqual([2, expect.stringContaining('submitted: array 77 of 2 tasks')])
  expect(stderr).toContain(
    'array 77 is submitted, and its merge is not: --submit slurm: sbatch refuses the job: no more jobs; when the array has ended, "saeval merge plan" makes the results',
  )
})

it('calls the version of the plan where it runs in an image', async () => {
  expect(await passes([...slurm, '--dry_run', '--container', 'node:22'], env)).toContain(
    `exec npx -y saeval@${version} work plan\n`,
  )
  expect(await passes(['plan', 'plan', '--submit', 'k8s'])).toContain(`npx -y saeval@${version} work plan"]`)
})

it.each([
  [[...slurm, '--time', '1\n#SBATCH --uid=0'], '--time holds a line break'],
  [['plan', 'a\\b', '--submit', 'slurm', '--shards', '2'], 'a\\b holds a backslash'],
  [['plan', 'plan', '--submit', 'k8s', '--partition', 'long'], '--partition is for --submit slurm; leave it out'],
  [['plan', 'plan', '--submit', 'k8s', '--time', '9'], '--time is for --submit slurm; leave it out'],
  [
    ['plan', '/plans/dogs', '--submit', 'k8s', '--shards', '2'],
    'pods see the folder that this command runs in as /work',
  ],
  [['plan', 'plans/../../dogs', '--submit', 'k8s', '--shards', '2'], 'name the plan by a relative path'],
])('refuses %j', async (argv, why) => {
  expect(await refuses(argv, env)).toContain(why)
})
