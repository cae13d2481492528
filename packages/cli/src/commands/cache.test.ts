import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../../../../tests/fixtures.js'
import { runCommand } from '../run.testing.js'

it('lists and clears what saeval keeps, and nothing else', async () => {
  const env = { SAEVAL_CACHE: join(temporaryFolder(), 'cache') }
  const run = (...argv: string[]) => runCommand(['cache', ...argv], env)
  expect(await run('ls')).toEqual({ code: 0, stdout: '0 files, 0.0 MB\n', stderr: '' })

  const folder = join(env.SAEVAL_CACHE, 'quantized-weights')
  mkdirSync(folder, { recursive: true })
  const header = JSON.stringify({ __metadata__: { model: 'google/gemma-2-2b', dtype: 'int8' } })
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(header.length))
  const whole = join(folder, 'gemma.int8.0.safetensors')
  writeFileSync(whole, Buffer.concat([length, Buffer.from(header)]))
  const unfinished = `${whole}.1b4e28ba-2fa1-11d2-883f-0016d3cca427.part`
  writeFileSync(unfinished, Buffer.alloc(2_500_000))
  const start = join(env.SAEVAL_CACHE, 'python', 'pyodide-1.snapshot')
  mkdirSync(join(env.SAEVAL_CACHE, 'python'))
  writeFileSync(start, Buffer.alloc(1_000_000))
  const foreign = join(folder, 'notes.txt')
  writeFileSync(foreign, 'mine')

  const { stdout } = await run('ls')
  expect(stdout.split('\n')).toEqual([
    expect.stringMatching(
      /^0\.0 MB {2}\d{4}-\d\d-\d\d {2}google\/gemma-2-2b in int8 {2}.*gemma\.int8\.0\.safetensors$/,
    ),
    expect.stringMatching(/^2\.5 MB {2}\S+ {2}unfinished or damaged {2}.*\.part$/),
    expect.stringMatching(/^1\.0 MB {2}\S+ {2}Python's start {2}.*pyodide-1\.snapshot$/),
    '3 files, 3.5 MB',
    '',
  ])
  expect(JSON.parse((await run('ls', '--json')).stdout)).toMatchObject([
    { path: whole, model: 'google/gemma-2-2b', dtype: 'int8', adapter: null },
    { path: unfinished, model: null, bytes: 2_500_000 },
    { path: start, bytes: 1_000_000 },
  ])
  expect((await run('clear')).stdout).toMatch(/\nremoved 3 files, 3\.5 MB\n$/)
  expect([whole, unfinished, start, foreign].map((path) => existsSync(path))).toEqual([false, false, false, true])
  expect((await runCommand(['cache', 'ls'], { SAEVAL_CACHE: 'off' })).stdout).toBe('0 files, 0.0 MB\n')
  expect((await run('delete')).code).toBe(2)
})
