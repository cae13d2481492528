import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { noFunctions } from '@saeval/python/internal/functions/task-function'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../../../tests/fixtures.js'
import { findFunctionsAhead } from './find-functions-ahead.js'
import { loadTasks } from './tasks/load-tasks.js'
import { indexTasks } from './tasks/task-index.js'

it('asks for the functions of tasks, and leaves what is wrong with them to the run', async () => {
  const folder = temporaryFolder()
  for (const name of ['first', 'second'])
    writeFileSync(
      join(folder, `${name}.yaml`),
      `task: ${name}\ndataset_path: a/b\ntest_split: test\ndoc_to_text: !function utils.${name}\ndoc_to_target: x\n`,
    )
  const tasks = loadTasks(indexTasks([folder]), ['first', 'second'], { numFewshot: null })
  const asked: string[] = []
  const refusing = {
    ...noFunctions,
    resolve: async (...[reference, use]: Parameters<typeof noFunctions.resolve>) => {
      asked.push(`${reference.functionName} as ${use}`)
      if (asked.length === 3) throw new Error('there is none')
      return { reference, source: null, call: async () => null }
    },
  }
  findFunctionsAhead(tasks, refusing)
  await expect.poll(() => asked).toEqual(['first as doc_to_text', 'second as doc_to_text'])
  // an error that nobody took would end the test run
  findFunctionsAhead(tasks, refusing)
  await expect.poll(() => asked).toHaveLength(3)
})
