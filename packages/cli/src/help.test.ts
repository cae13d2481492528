import { describe, expect, it } from 'vitest'
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

  it('has its flags in groups', async () => {
    const headings = (await help('run', '--help')).split('\n').filter((line) => /^\S.*:$/.test(line))
    expect(headings).toEqual(['Model:', 'Tasks:', 'Results:', 'Kept work:', 'This command:', 'Examples:'])
  })
})
