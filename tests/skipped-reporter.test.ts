import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { repository, temporaryFolder } from './fixtures.js'
import { skippedLine } from './skipped-reporter.js'

it('says nothing of a run without skipped tests', () => {
  expect(skippedLine([])).toBeNull()
})

it('ends a run with how many tests were skipped and why', async () => {
  const folder = temporaryFolder()
  const fixtures = JSON.stringify(fileURLToPath(new URL('fixtures.ts', import.meta.url)))
  mkdirSync(join(folder, 'tests'))
  writeFileSync(
    join(folder, 'tests', 'some.test.ts'),
    `import { describe, expect, it } from 'vitest'
import { casesHere, needs, needsFixture } from ${fixtures}
it('runs', () => expect(1).toBe(1))
it('runs too', needsFixture('hf-home'), () => expect(1).toBe(1))
it('does not run', needsFixture('no/such/fixture'), () => expect(1).toBe(2))
describe('a suite', needs('Chromium', false), () => {
  it('one', () => expect(1).toBe(2))
  it('two', () => expect(1).toBe(2))
})
it.each(casesHere(['hf-home', 'no/such/case'], (path) => path))('with %s', (path) => expect(path).toBe('hf-home'))
it('finds out', ({ skip }) => skip('a reason of its own'))
it.skip('says nothing', () => {})
`,
  )
  const vitest = join(repository, 'node_modules', 'vitest', 'vitest.mjs')
  const reporter = join(repository, 'tests', 'skipped-reporter.ts')
  const env = { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined }
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [
      ...[vitest, 'run', '--config', join(repository, 'vitest.config.ts'), '--root', folder],
      ...['--reporter=dot', `--reporter=${reporter}`],
    ],
    { env },
  )
  expect(stdout).toContain('3 passed | 6 skipped')
  expect(stdout).toContain(
    '6 skipped: 2 for want of the full set of fixtures (fixtures/README.md), 2 for want of Chromium, 1 for want of a reason of its own, 1 without a reason',
  )
})
