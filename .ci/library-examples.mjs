// Runs the examples of the libraries' READMEs with other runtimes, by their npm packages, on what is built:
//   node .ci/library-examples.mjs node@22 bun@1 deno@2
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

/** What each library's example must print. */
const expected = {
  'steering-csv': /^12 add\n$/,
  'sae-core': /^blocks\.20\.hook_resid_post \d+\n\d+\n$/,
  'eval-harness': /^\| *Tasks .*\n\|-.*\n\|abstract_algebra\|/,
}
const commands = {
  node: (file) => ['node', file],
  bun: (file) => ['bun', file],
  // its permissions are not what is tested
  deno: (file) => ['deno', 'run', '--quiet', '--allow-all', '--node-modules-dir=manual', file],
}

const folder = mkdtempSync(join(tmpdir(), 'saeval-examples-'))
let failed = 0
try {
  // a program of somebody who has installed the packages
  symlinkSync(join(root, 'packages', 'cli', 'node_modules'), join(folder, 'node_modules'), 'junction')
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  mkdirSync(join(folder, 'hf-home'))
  cpSync(join(root, 'fixtures', 'hf-home'), join(folder, 'hf-home'), { recursive: true })
  for (const runtime of process.argv.slice(2)) {
    const name = runtime.replace(/@.*/, '')
    if (!(name in commands)) throw new Error(`${runtime}: runtimes are ${Object.keys(commands).join(', ')}`)
    for (const [library, output] of Object.entries(expected)) {
      const readme = readFileSync(join(root, 'packages', library, 'README.md'), 'utf8')
      const [, language, code] = /```(js|ts)\n([\s\S]*?)```/.exec(readme)
      const file = join(folder, `${library}.${language}`)
      writeFileSync(file, code)
      const { stdout, stderr, status } = spawnSync('npx', ['-y', '-p', runtime, ...commands[name](file)], {
        cwd: folder,
        encoding: 'utf8',
        shell: process.platform === 'win32',
        env: { ...process.env, HF_HOME: join(folder, 'hf-home'), HF_HUB_OFFLINE: '1', NO_COLOR: '1' },
      })
      const ok = status === 0 && output.test(stdout)
      if (!ok) failed++
      console.log(`${ok ? 'ok    ' : 'failed'} ${runtime}: example of @saeval/${library}`)
      if (!ok) console.log(`${stdout}${stderr}`)
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
process.exitCode = failed === 0 ? 0 : 1
