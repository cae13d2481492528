import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { dumpsJson, type PyDict, type PyValue, parseJson } from '@saeval/python'
import { fixturePath, hasFixture, temporaryFolder } from '../../../tests/fixtures.js'

const file = 'golden/tasks/configs.jsonl'

/** What lm_eval recorded of its own tasks, by task: {task, functions, config}. */
const recorded = new Map<string, PyDict>(
  hasFixture(file)
    ? readFileSync(fixturePath(file), 'utf8')
        .trim()
        .split('\n')
        .map((line) => parseJson(line) as PyDict)
        .map((entry) => [entry.get('task') as string, entry])
    : [],
)

/** Python's source stands where a task has functions. */
const python = /\bdef \w+\(|<function |functools\.partial/

/**
 * A folder of task files for a golden run with these configs (of its results.json) and words of --tasks: its declarative tasks as lm_eval
 * recorded them, at their places in lm_eval's task folder. null where the run has tasks with Python functions.
 */
export function upstreamFolder(configs: PyDict, words: readonly string[]): string | null {
  const folder = temporaryFolder()
  // a word that names no task is the tag that all of them have
  const tags = words.filter((word) => !configs.has(word))
  for (const [task, shown] of configs as ReadonlyMap<string, PyDict>) {
    const known = recorded.get(task)
    const config = (known?.get('config') ?? shown) as PyDict
    if (known ? (known.get('functions') as PyDict).size > 0 : python.test(dumpsJson(shown))) return null
    const metadata = new Map(config.get('metadata') as PyDict)
    const place = /(?:^|\/)tasks\/(.*)$/.exec(metadata.get('config_source') as string)![1]!
    for (const name of ['config_source', 'pretrained', 'dtype', 'tokenizer']) metadata.delete(name)
    const fields = new Map<string, PyValue>([...config, ['metadata', metadata], ['tag', tags]])
    mkdirSync(dirname(join(folder, place)), { recursive: true })
    // JSON is YAML
    writeFileSync(join(folder, place), dumpsJson(fields))
  }
  return folder
}
