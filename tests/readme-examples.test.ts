import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { copyHfHome } from './fixtures.js'

const packages = join(dirname(dirname(fileURLToPath(import.meta.url))), 'packages')
const repositories = ['datasets--cais--mmlu', 'models--google--gemma-2-2b', 'models--google--gemma-scope-2b-pt-res']

/** What each package's example must print. */
const expected: Readonly<Record<string, RegExp>> = {
  hub: /^[0-9a-f]{40}\ngemma2\n$/,
  'sae-core': /^blocks\.20\.hook_resid_post \d+\n\d+\n$/,
  'steering-csv': /^12 add\n$/,
  'lm-backend-onnx': /^-\d+\.\d+\n-\d+\.\d+\n$/,
  'eval-harness': /^\| *Tasks .*\n\|-.*\n\|abstract_algebra\|/,
}

describe('examples of the package READMEs run', () => {
  it.each(Object.entries(expected))('%s', async (name, output) => {
    const code = /```js\n([\s\S]*?)```/.exec(readFileSync(join(packages, name, 'README.md'), 'utf8'))![1]!
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', code], {
      // the package that depends on all others
      cwd: join(packages, 'cli'),
      env: { ...process.env, HF_HOME: copyHfHome(repositories), HF_HUB_OFFLINE: '1' },
    })
    expect(stdout).toMatch(output)
  })
})
