import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../../../../tests/fixtures.js'
import { moduleHash } from './module-hash.js'

it('is of a file and of all that it imports beside it', () => {
  const folder = temporaryFolder()
  const write = (name: string, text: string) => {
    writeFileSync(join(folder, name), text)
    return text
  }
  const texts = [
    write('main.js', "import { a } from './a.js'\nexport * from './b.js'\nimport fs from 'node:fs'\n"),
    write('a.js', "import './main.js'\nexport const a = () => import('./c.js')\n"),
    write('c.js', ''),
    write('b.js', 'export const b = 1\n'),
  ]
  const main = join(folder, 'main.js')
  expect(moduleHash(main)).toBe(createHash('sha256').update(texts.join('')).digest('hex'))
  const before = moduleHash(main)
  write('b.js', 'export const b = 2\n')
  expect(moduleHash(main)).not.toBe(before)
})
