import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../../../../tests/fixtures.js'
import { checkTaskFiles, namedBy } from './task-walls.js'

it('looks into a task file whatever it is called', () => {
  const folder = temporaryFolder()
  mkdirSync(join(folder, 'files'))
  writeFileSync(join(folder, 'files/x.txt'), 'task: x\ndataset_kwargs:\n  data_files: /etc/passwd\n')
  expect(() => checkTaskFiles(folder, ['files/x.txt'], () => true)).toThrow(
    'files/x.txt of the card names data outside',
  )
})

it('says in one sentence that a file is too deep in itself', () => {
  const file = join(temporaryFolder(), 'adapter_config.json')
  writeFileSync(file, '['.repeat(200_000) + ']'.repeat(200_000))
  expect(() => namedBy(file, 'source')).toThrow(/adapter_config\.json is not JSON, or lies too deep in itself$/)
})
