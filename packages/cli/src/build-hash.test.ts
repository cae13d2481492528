import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../../../tests/fixtures.js'
import { buildHash } from './build-hash.js'

/** The hash in a folder with two packages of one version, the second of which has this code. */
function hashBeside(code: string): string {
  const folder = temporaryFolder()
  const write = (path: string, text: string) => {
    mkdirSync(join(folder, path, '..'), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  write('package.json', '{"name":"saeval","type":"module","dependencies":{"@saeval/hub":"0.0.0","other":"1"}}')
  write('dist/index.js', '')
  write('node_modules/@saeval/hub/package.json', '{"name":"@saeval/hub"}')
  write('node_modules/@saeval/hub/dist/deep/code.js', code)
  write('node_modules/@saeval/hub/dist/deep/code.d.ts', String(Math.random()))
  const built = new URL('../dist/build-hash.js', import.meta.url)
  copyFileSync(built, join(folder, 'dist/build-hash.js'))
  const script = `import('${pathToFileURL(join(folder, 'dist/build-hash.js'))}').then(({ buildHash }) => console.log(buildHash()))`
  return execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' }).trim()
}

it('is that of the code, of packages that are stood on too', () => {
  expect(hashBeside('1')).toBe(hashBeside('1'))
  expect(hashBeside('1')).not.toBe(hashBeside('2'))
  expect(buildHash()).toBe(buildHash())
  expect(buildHash()).toMatch(/^[0-9a-f]{64}$/)
})
