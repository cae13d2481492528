import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../tests/fixtures.js'
import { runCommand } from './run.testing.js'

const help = async (...argv: string[]) => {
  const { code, stdout, stderr } = await runCommand(argv)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return stdout
}

describe('help', () => {
  it('is what saeval prints without a command', async () => {
    expect(await help()).toBe(await help('--help'))
  })

  it('loads nothing that only commands need', () => {
    // what Node has loaded, as it tells tools of coverage
    const folder = temporaryFolder()
    const env = { ...process.env, NODE_V8_COVERAGE: folder }
    execFileSync(process.execPath, [fileURLToPath(new URL('../bin/saeval.js', import.meta.url)), '--help'], { env })
    const { result } = JSON.parse(readFileSync(join(folder, readdirSync(folder)[0]!), 'utf8')) as {
      result: { url: string }[]
    }
    const loaded = result.map(({ url }) => url).filter((url) => url.startsWith('file:'))
    expect(loaded.some((url) => url.endsWith('/cli/dist/program.js'))).toBe(true)
    const light =
      /\/(cli|hub|python|commander)\/|\/(language-model\/dist\/default-seed|experiments\/dist\/card\/card-texts)\.js$/
    expect(loaded.filter((url) => !light.test(url) || /\/(templates|regex)\/|@huggingface/.test(url))).toEqual([])
  })

  it.each(['', 'run', 'sweep', 'ls', 'saes', 'generate', 'completion'])(
    'of saeval %s has examples and fits 80 columns',
    async (command) => {
      const text = await help(...[command].filter(Boolean), '--help')
      expect(text).toContain('\nExamples:\n  # ')
      expect(text.split('\n').filter((line) => line.length > 80)).toEqual([])
    },
  )

  it('of a sweep lists only what a sweep takes', async () => {
    const refused = ['predict_only', 'write_out', 'show_config', 'check_integrity', 'cache_requests']
    const text = await help('sweep', '--help')
    expect(['log_samples', ...refused].filter((flag) => text.includes(`--${flag}`))).toEqual([])
    for (const flag of refused) {
      const { code, stderr } = await runCommand(['sweep', '-t', 'demo', '-o', 'nowhere', `--${flag}`])
      expect(code).toBe(2)
      expect(stderr).toContain(`--${flag} is a flag of "saeval run" that a sweep does not have: `)
    }
    // a sweep writes them anyway
    const { stderr } = await runCommand(['sweep', '-t', 'demo', '-o', 'nowhere', '--log_samples'])
    expect(stderr).not.toContain('log_samples')
  })

  it.each([
    ['swep', /^saeval: unknown command 'swep'; did you mean "sweep"/],
    ['constructor', /^saeval: unknown command 'constructor'/],
  ])('of the unknown command %s says so', async (name, message) => {
    expect(await runCommand(['help', name])).toEqual({ code: 2, stdout: '', stderr: expect.stringMatching(message) })
    expect((await runCommand(['help', 'sweep'])).code).toBe(0)
  })

  it('has its flags in groups', async () => {
    const headings = (await help('run', '--help')).split('\n').filter((line) => /^\S.*:$/.test(line))
    expect(headings).toEqual(['Model:', 'Tasks:', 'Results:', 'Kept work:', 'This command:', 'Examples:'])
  })
})
