import { mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../../../tests/fixtures.js'
import { InputError, makeWritableFolder, writeFiles } from './index.js'

it('writes all files or none, and says which one cannot be', () => {
  const folder = temporaryFolder()
  writeFiles([
    [join(folder, 'a'), 'A'],
    [join(folder, 'b'), new Uint8Array([66])],
  ])
  expect(readFileSync(join(folder, 'b'), 'utf8')).toBe('B')
  mkdirSync(join(folder, 'taken', 'x'), { recursive: true })
  const failing = [
    [join(folder, 'c'), 'C'],
    [join(folder, 'taken'), 'D'],
  ] as const
  expect(() => writeFiles(failing)).toThrow(`cannot write ${join(folder, 'taken')} (`)
  expect(() => writeFiles([[join(folder, 'none', 'c'), 'C']])).toThrow(InputError)
  expect(readdirSync(folder).sort()).toEqual(['a', 'b', 'taken'])
})

it('removes what killed processes left, and nothing of those that still write', () => {
  const folder = temporaryFolder()
  const names = ['results.json.0123456789ab.tmp', 'samples.jsonl.aaaaaaaaaaaa.tmp', 'own.tmp']
  for (const name of names) writeFileSync(join(folder, name), '')
  const twoHoursAgo = Date.now() / 1000 - 7200
  for (const name of [names[0]!, names[2]!]) utimesSync(join(folder, name), twoHoursAgo, twoHoursAgo)
  writeFiles([[join(folder, 'results.json'), '{}']])
  expect(readdirSync(folder).sort()).toEqual(['own.tmp', 'results.json', 'samples.jsonl.aaaaaaaaaaaa.tmp'])
})

it('says where nothing can be written', () => {
  const file = join(temporaryFolder(), 'file')
  writeFileSync(file, '')
  for (const folder of [file, join(file, 'below'), '/proc/saeval'])
    expect(() => makeWritableFolder('--output x', folder)).toThrow(/^--output x: cannot write into .* \(E[A-Z]+\)$/)
})
