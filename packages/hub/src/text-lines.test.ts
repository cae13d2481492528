import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../../../tests/fixtures.js'
import { textLines } from './text-lines.js'

it('ends lines at line feeds alone, wherever pieces of the file end', async () => {
  const path = join(temporaryFolder(), 'lines.jsonl')
  const lines = ['', 'a\u2028b\u2029c\u0085d\u000be', 'é'.repeat(70_000), '\r', 'end']
  writeFileSync(path, lines.join('\n'))
  const read: string[] = []
  for await (const line of textLines(path)) read.push(line)
  expect(read).toEqual(lines)
})
