import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newFolder, runIn } from '../tools/crash-drill/commands.mjs'
import { filesBelow } from '../tools/crash-drill/results.mjs'
import { needs, nightly, repository } from './fixtures.js'

const has = (program: string) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0
const folder = newFolder()
const plan = 'plans of dogs'
const examples = join(repository, 'examples/clusters')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Runs a program in the plan's folder, where `saeval` is on the path. */
const runs = (words: readonly string[], env: Readonly<Record<string, string>> = {}) => {
  const [program, ...rest] = words
  const { status, stdout, stderr } = spawnSync(program!, rest, {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, HF_HUB_OFFLINE: '1', ...env, PATH: `${join(folder, 'bin')}${delimiter}${process.env.PATH}` },
  })
  expect([words[0], status, status === 0 ? '' : stderr]).toEqual([words[0], 0, ''])
  return stdout
}

beforeAll(async () => {
  mkdirSync(join(folder, 'bin'))
  const program = join(repository, 'packages/cli/dist/bin.js')
  writeFileSync(join(folder, 'bin/saeval'), `#!/bin/sh\nexec "${process.execPath}" "${program}" "$@"\n`, {
    mode: 0o755,
  })
  const asked = ['-t', 'demo_dogs', '--include_path', 'examples/demo/tasks', '--device', 'cpu', '-b', '4', '-L', '2']
  const sweep = ['-a', 'base_name=examples/demo/model', '--csv', 'examples/demo/forget_dogs.csv', ...asked]
  expect(await runIn(folder, ['plan', plan, '--shards', '2', ...sweep, '-o', 'out'])).toMatchObject({ end: 0 })
}, 120_000)

// one after the other: each script does what the one before has left
describe.sequential('examples/clusters', { ...nightly(), timeout: 240_000 }, () => {
  it('grid-engine.sh does the item of its task, counted from 1', () => {
    const task = { SGE_TASK_ID: '2', SGE_TASK_FIRST: '1', SGE_TASK_LAST: '2', SGE_TASK_STEPSIZE: '1' }
    expect(runs(['bash', join(examples, 'grid-engine.sh'), plan], task)).toBe('done: item 1\n')
  })

  it('pbs.sh does the item of its index', () => {
    const task = { PBS_ARRAY_INDEX: '0', PBS_O_WORKDIR: folder, PLAN: plan }
    expect(runs(['bash', join(examples, 'pbs.sh')], task)).toBe('done: item 0\n')
  })

  it('parallel.sh works on each host of a list, and merges', { ...needs('GNU parallel', has('parallel')) }, () => {
    writeFileSync(join(folder, 'hosts.txt'), ':\n')
    const said = runs(['bash', join(examples, 'parallel.sh'), plan], { HOME: folder })
    expect(said).toMatch(/^nothing was left to do\n/)
    expect(filesBelow(join(folder, 'out')).map((path) => path.slice(folder.length))).toContain('/out/sweep.csv')
  })

  it('Snakefile makes every item a job, and merges', { ...needs('Snakemake', has('snakemake')) }, () => {
    rmSync(join(folder, plan, 'answers'), { recursive: true })
    rmSync(join(folder, 'out'), { recursive: true, force: true })
    copyFileSync(join(examples, 'Snakefile'), join(folder, 'Snakefile'))
    runs(['snakemake', '--config', `plan=${plan}`, '--jobs', '2'], { HOME: folder })
    expect(filesBelow(join(folder, 'out')).map((path) => path.slice(folder.length))).toContain('/out/sweep.csv')
  })
})
