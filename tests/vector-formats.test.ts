import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { vectorFormatTable } from '../packages/steering/src/vectors/format-table.js'
import { repository } from './fixtures.js'

const table = /(<!-- formats of vectors, made by tests\/vector-formats\.test\.ts -->\n\n)[\s\S]*?(\n<!-- end -->)/

// "pnpm exec vitest run tests/vector-formats.test.ts -u" writes the table anew
it('docs/vectors.md names the formats of vectors that the code takes', async () => {
  const page = join(repository, 'docs/vectors.md')
  const text = readFileSync(page, 'utf8')
  expect(text).toMatch(table)
  await expect(text.replace(table, `$1${vectorFormatTable().replaceAll('$', '$$$$')}$2`)).toMatchFileSnapshot(page)
})
