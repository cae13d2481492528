import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../../../../../tests/fixtures.js'
import { runtimeFolder } from '../runtime-package.js'
import { libraryFile } from './library-file.js'
import { isOlder, openOrtApi } from './ort-api.js'

/** A folder with an empty file at a path below it. */
function folderWith(...path: string[]): string {
  const folder = temporaryFolder()
  mkdirSync(join(folder, ...path.slice(0, -1)), { recursive: true })
  writeFileSync(join(folder, ...path), '')
  return folder
}

it('takes the installed library, and the one of a folder that is named', () => {
  expect(libraryFile({}).startsWith(runtimeFolder())).toBe(true)
  expect(libraryFile({ SAEVAL_ONNXRUNTIME: '' })).toBe(libraryFile({}))
  for (const path of [
    ['libonnxruntime.so.1'],
    ['lib', 'libonnxruntime.so.1.24.1'],
    ['lib', 'libonnxruntime.1.24.1.dylib'],
    ['onnxruntime', 'capi', 'libonnxruntime.so.1.24.1'],
    ['onnxruntime-win-x64-gpu-1.24.1', 'lib', 'onnxruntime.dll'],
  ]) {
    const folder = folderWith(...path)
    expect(libraryFile({ SAEVAL_ONNXRUNTIME: folder })).toBe(join(folder, ...path))
  }
})

it('says where there is none', () => {
  for (const folder of [folderWith('libonnxruntime_providers_cuda.so'), '/no/such/folder'])
    expect(() => libraryFile({ SAEVAL_ONNXRUNTIME: folder })).toThrow(
      `SAEVAL_ONNXRUNTIME is ${folder}, but no onnxruntime library`,
    )
})

it('says why a library cannot be loaded', () => {
  const path = join(folderWith('libonnxruntime.so'), 'libonnxruntime.so')
  expect(() => openOrtApi(path)).toThrow(`${path} cannot be loaded as onnxruntime: `)
})

it.each([
  ['1.23.2', true],
  ['1.28.0', true],
  ['0.99.9', true],
  ['1.29.0', false],
  ['1.29', false],
  ['1.30.0-dev', false],
  ['2.0.0', false],
])('knows whether version %s is older than the oldest that is tested', (version, older) => {
  expect(isOlder(version, '1.29')).toBe(older)
})
