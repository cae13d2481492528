import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { InputError } from '@saeval/hub'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../../tests/fixtures.js'
import { prepareTask } from '../prepare-task.js'
import { leaves, loadTasks } from '../tasks/load-tasks.js'
import { indexTasks } from '../tasks/task-index.js'
import { parseYaml } from './yaml.js'

const task = {
  task: 't',
  dataset_path: 'json',
  dataset_kwargs: { data_files: { test: 'DATA' } },
  test_split: 'test',
  output_type: 'multiple_choice',
  doc_to_text: '{{q}}',
  doc_to_choice: ['a', 'b'],
  doc_to_target: 0,
}

/** What becomes of a task file: "fine", or the error's sentence without its folder. */
async function outcome(yaml: string | object, more: (folder: string) => void = () => {}): Promise<string> {
  const folder = temporaryFolder()
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'data.jsonl'), '{"q": "a"}\n')
  const text = (typeof yaml === 'string' ? yaml : JSON.stringify(yaml)).replace('DATA', join(folder, 'data.jsonl'))
  const file = join(folder, 't.yaml')
  writeFileSync(file, text)
  more(folder)
  try {
    const prompt = { systemInstruction: null, chat: null }
    for (const config of leaves(loadTasks(indexTasks([folder]), [file])))
      await prepareTask(config, { limit: null, samples: null, prompt, fewshotSeed: 1 })
    return 'fine'
  } catch (error) {
    expect(InputError.isInstance(error)).toBe(true)
    const { message } = error as Error
    expect(message).not.toContain('\n')
    expect(message.length).toBeLessThan(1500)
    return message.replaceAll(`${folder}/`, '')
  }
}

describe('a file that unfolds into more than it is', () => {
  it('by aliases', async () => {
    const levels = Array.from({ length: 9 }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i}, `.repeat(10)}]`)
    expect(await outcome(`a0: &a0 [x, y]\n${levels.join('\n')}\n`)).toBe(
      't.yaml: its aliases (*name) make too many values of it',
    )
  })

  it('by merged mappings', async () => {
    const merges = Array.from({ length: 40 }, (_, i) => `b${i + 1}: &b${i + 1} {<<: [*b${i}, *b${i}], x${i}: 1}`)
    expect(await outcome(`b0: &b0 {y: 1}\n${merges.join('\n')}\n`)).toMatch(/aliases|is not a field of a task file/)
  })

  it.each([
    ['by an alias of itself', 'task: &a [*a]'],
    ['by brackets', `task: ${'['.repeat(20_000)}`],
    ['by mappings', `task: ${'{a: '.repeat(5000)}1${'}'.repeat(5000)}`],
  ])('%s', (_, text) => {
    expect(() => parseYaml(text, 'a.yaml')).toThrow(/^a\.yaml(: its values are nested too deeply|:\d+: )/)
  })

  it('by groups', async () => {
    expect(await outcome({ group: 'g', task: [{ group: 'g', task: ['g'] }] })).toMatch(/group g is a member of itself$/)
    const levels = Array.from({ length: 30 }, (_, i) => ({
      group: `g${i}`,
      task: [`g${i + 1}`, { group: `g${i + 1}` }],
    }))
    const many = (folder: string) => {
      for (const [i, level] of levels.entries()) writeFileSync(join(folder, `${i}.yaml`), JSON.stringify(level))
      writeFileSync(join(folder, 'last.yaml'), JSON.stringify({ group: 'g30', task: [{ ...task, task: 'x' }] }))
    }
    expect(await outcome({ group: 'all', task: ['g0'] }, many)).toMatch(
      /its groups name each other more than 10000 times$/,
    )
  })

  it('by repeats', async () => {
    expect(await outcome({ ...task, repeats: 1e9 })).toBe(
      'task t: repeats 1000000000 asks for 2000000000 answers, more than 10000000 are held in memory',
    )
  })
})

it('no pipe is read, and no link back followed', async () => {
  const pipe = (folder: string) => {
    execFileSync('mkfifo', [join(folder, 'p.yaml')])
    symlinkSync('.', join(folder, 'a'))
    symlinkSync('.', join(folder, 'b'))
  }
  expect(await outcome(task, pipe)).toBe('fine')
  expect(await outcome({ include: 'p.yaml' }, pipe)).toBe('t.yaml: include names p.yaml, which is not there')
  expect(await outcome({ include: '/dev/zero' })).toBe('t.yaml: include names /dev/zero, which is not there')
  expect(await outcome({ include: 'a'.repeat(5000) })).toMatch(/^t\.yaml: include names a{100}…, which is not there$/)
})

describe.each(['constructor', '__proto__', 'toString', 'hasOwnProperty'])('%s is no name of', (name) => {
  it.each<[string, object, RegExp]>([
    ['a field', { [`${name}`]: 1 }, / is not a field of a task file/],
    ['an output type', { output_type: name }, /output_type is ".*"; there are loglikelihood, /],
    ['a split', { test_split: name }, /has no split ".*"; it has test$/],
    ['a metric', { metric_list: [{ metric: name }] }, /names no aggregation, and it is not a metric/],
    ['a metric with an aggregation', { metric_list: [{ metric: name, aggregation: 'mean' }] }, /which is not known/],
    [
      'an aggregation',
      { metric_list: [{ metric: 'acc', aggregation: name }] },
      /aggregation is ".*", which is not known/,
    ],
    [
      'a setting',
      {
        metric_list: [
          Object.fromEntries([
            ['metric', 'acc'],
            [name, 1],
          ]),
        ],
      },
      /is not a setting of a metric/,
    ],
    [
      'a filter',
      { filter_list: [{ name: 'n', filter: [{ function: name }] }] },
      /names the filter ".*", which is not known/,
    ],
    ['a sampler', { fewshot_config: { sampler: name } }, /there are default and first_n/],
    ['a format', { dataset_kwargs: { data_files: { test: 'DATA' }, encoding: name } }, /encoding .* is not supported/],
    ['a member', { group: 'g', task: [name] }, /group g names ".*", which is not there/],
  ])('%s', async (_, change, sentence) => {
    const given = 'group' in change ? change : Object.fromEntries([...Object.entries(task), ...Object.entries(change)])
    expect(await outcome(given)).toMatch(sentence)
  })

  it('a column', async () => {
    expect(await outcome({ ...task, doc_to_text: name })).toBe('fine')
    expect(await outcome({ ...task, doc_to_choice: name })).toMatch(
      /doc_to_choice prints ".*", which is not a Python literal/,
    )
  })
})
