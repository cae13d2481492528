import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { vectorFormatTable } from '../packages/steering/src/vectors/format-table.js'
import { repository } from './fixtures.js'

const table = /(<!-- formats of vectors, made by tests\/vector-formats\.test\.ts -->\n\n)[\s\S]*?(\n<!-- end -->)/

// "pnpm exec vitest run tests/vector-formats.test.ts -u" writes the tables anew
it.each(['README.md', 'docs/vectors.md'])('%s names the formats of vectors that the code takes', async (page) => {
  const text = readFileSync(join(repository, page), 'utf8')
  expect(text).toMatch(table)
  await expect(text.replace(table, `$1${vectorFormatTable().replaceAll('$', '$$$$')}$2`)).toMatchFileSnapshot(
    join(repository, page),
  )
})
