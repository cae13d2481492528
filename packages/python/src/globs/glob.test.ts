import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../../../../tests/fixtures.js'
import { globFiles, globNames } from './glob.js'

const folder = temporaryFolder()
for (const name of ['runs[1]', 'runs[1]/deep', 'other']) mkdirSync(join(folder, name))
for (const name of ['b.csv', 'a.csv', '.a.csv', 'deep/c.csv']) writeFileSync(join(folder, 'runs[1]', name), '')

it('takes the names in a folder, hidden ones where the pattern begins with a dot', () => {
  expect(globNames(join(folder, 'runs[1]'), '*.csv')).toEqual(['a.csv', 'b.csv'])
  expect(globNames(join(folder, 'runs[1]'), '.*.csv')).toEqual(['.a.csv'])
})

it('takes every part of a path as a pattern', () => {
  const found = (pattern: string) => globFiles(join(folder, pattern)).map((path) => path.slice(folder.length + 1))
  expect(found('runs*/?.csv')).toEqual(['runs[1]/a.csv', 'runs[1]/b.csv'])
  expect(found('runs[1]/*.csv')).toEqual([])
  expect(found('**/*.csv')).toEqual(['runs[1]/a.csv', 'runs[1]/b.csv', 'runs[1]/deep/c.csv'])
})
