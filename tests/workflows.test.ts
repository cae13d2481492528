import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { load } from 'js-yaml'
import { describe, expect, it } from 'vitest'
import { repository } from './fixtures.js'

interface Step {
  uses?: string
  run?: string
  with?: Record<string, unknown>
  env?: Record<string, string>
}
interface Workflow {
  permissions: Record<string, string>
  jobs: Record<string, { steps: Step[] }>
}

const folder = join(repository, '.github', 'workflows')
const read = (name: string) => load(readFileSync(join(folder, name), 'utf8')) as Workflow
const stepsOf = (workflow: Workflow) => Object.values(workflow.jobs).flatMap(({ steps }) => steps)
const { scripts } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>
}

/** What of a command does not exist in this repository. */
function missing(command: string): string | null {
  const pnpm = /^(?:npx -y )?pnpm(?:@10)? (?:--filter \S+ )?([\w:-]+)/.exec(command)
  if (pnpm) return pnpm[1] === 'install' || pnpm[1]! in scripts ? null : `script ${pnpm[1]}`
  const path = command.split(' ')[0]!
  return path.startsWith('.ci/') && existsSync(join(repository, path)) ? null : path
}

describe('workflows', () => {
  it.each(readdirSync(folder))('%s runs what is there, with actions of one major version', (name) => {
    const steps = stepsOf(read(name))
    expect(steps.length).toBeGreaterThan(0)
    const commands = steps.flatMap((step) => [step.run, step.with?.version, step.with?.publish] as string[])
    for (const command of commands.filter((text) => text !== undefined)) expect(missing(command), command).toBeNull()
    for (const { uses } of steps) if (uses !== undefined) expect(uses).toMatch(/^[\w-]+\/[\w-]+@v\d+$/)
  })

  it('publish with provenance', () => {
    const workflow = read('release.yml')
    expect(workflow.permissions['id-token']).toBe('write')
    const step = stepsOf(workflow).find(({ uses }) => uses?.startsWith('changesets/action@'))!
    expect(step.env!.NPM_CONFIG_PROVENANCE).toBe('true')
    expect(scripts[/pnpm@10 (\S+)$/.exec(step.with!.publish as string)![1]!]).toContain('changeset publish')
  })

  it('find a script that is not there', () => {
    expect(missing('npx -y pnpm@10 tset')).toBe('script tset')
    expect(missing('.ci/rnu')).toBe('.ci/rnu')
  })
})

describe('.ci/run', () => {
  it('runs scripts that are there', () => {
    const text = readFileSync(join(repository, '.ci', 'run'), 'utf8')
    const names = [...text.matchAll(/\b(?:pnpm|alone) ([a-z-]+)/g)].map((match) => match[1]!)
    expect(names).toContain('demo')
    for (const name of names) expect(missing(`pnpm ${name}`)).toBeNull()
    for (const [path] of text.matchAll(/\.ci\/[\w.-]+/g)) expect(existsSync(join(repository, path)), path).toBe(true)
  })
})
