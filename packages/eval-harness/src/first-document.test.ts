import { FunctionReference } from '@saeval/python/internal/functions/function-reference'
import { type FunctionResolver, noFunctions } from '@saeval/python/internal/functions/task-function'
import { dumpsJson } from '@saeval/python/internal/json/json'
import { fromPlain, type PyDict, PyFloat, type PyValue } from '@saeval/python/internal/values/value'
import { describe, expect, it } from 'vitest'
import { inlineDataset } from './datasets/inline-dataset.testing.js'
import { prepareTask } from './prepare-task.js'
import { scoreTask } from './score-task.js'
import { taskConfig } from './tasks/task-config.js'
import type { YamlValue } from './yaml/yaml.js'

// what ConfigurableTask of lm_eval 0.4.13 makes of the same fields and documents
const docs = [
  { q: 'x', answers: [], b: true, t: 'yes' },
  { q: 'y', answers: ['p', 'q'], b: false, t: 'no' },
]

function prepare(fields: Record<string, YamlValue>, functions: FunctionResolver = noFunctions) {
  const base = { task: 't', dataset_path: 'json', test_split: 'test', doc_to_text: 'q', doc_to_target: 't' }
  const config = taskConfig({ fields: new Map(Object.entries({ ...base, ...fields })), file: 't.yaml', label: null })
  return prepareTask(config, {
    limit: null,
    samples: null,
    fewshotSeed: 1,
    prompt: { systemInstruction: null, chat: null },
    dataset: inlineDataset('t', new Map([['test', docs.map(fromPlain)]])),
    functions,
  })
}

async function scores(prepared: Awaited<ReturnType<typeof prepare>>, answers: readonly PyValue[]) {
  const lists = answers.map((answer) => [answer])
  return (await scoreTask(prepared, lists, { bootstrapIterations: 100, onBootstrap: () => {}, model: null as never }))
    .score
}

describe('an empty list as the first target', () => {
  it.each([
    ["['p', 'q']", [0, 1]],
    ['[]', [1, 0]],
  ])('makes texts of all targets: %s', async (answer, expected) => {
    const prepared = await prepare({ doc_to_target: 'answers', metric_list: [new Map([['metric', 'exact_match']])] })
    const { metrics } = await scores(prepared, [answer, answer])
    expect(expected.reduce((sum, value) => sum + value, 0) / 2).toBe((metrics.get('exact_match,none') as PyFloat).value)
  })

  it('stops a task of choices', async () => {
    const fields = { output_type: 'multiple_choice', doc_to_target: 'answers', doc_to_choice: ['a', 'b'] }
    await expect(prepare(fields)).rejects.toThrow(
      /the target is a list, but that of the first document is one answer or an empty list/,
    )
  })
})

it('truth values as questions are places of choices, which are asked', async () => {
  const fields = { output_type: 'multiple_choice', doc_to_text: 'b', doc_to_choice: ['u', 'v'] }
  const prepared = await prepare(fields)
  expect(prepared.asked[0]!.requests).toMatchObject([
    { context: 'u', continuation: ' yes' },
    { context: 'v', continuation: ' yes' },
  ])
  const answer = (logprob: number): PyValue => [new PyFloat(logprob), true]
  const { metrics } = await scores(prepared, [-1, -2, -1, -2].map(answer))
  expect(metrics.get('acc,none')).toEqual(new PyFloat(0.5))
})

it('an empty choice of the first document is an error (an IndexError there)', async () => {
  const fields = { output_type: 'multiple_choice', doc_to_target: 0, doc_to_choice: ['a', ''] }
  await expect(prepare(fields)).rejects.toThrow(/task t, document 0: choice 2 is empty/)
})

it('members of a dict that a metric gives have its aggregation and direction', async () => {
  const reference = new FunctionReference('utils.pass_at_k', '')
  const call = async (_: unknown, keywords?: PyDict): Promise<PyValue> => {
    const [prediction] = keywords!.get('predictions') as PyValue[]
    return new Map([
      ['pass@1', new PyFloat(prediction === 'a' ? 1 : 0)],
      ['pass@2', new PyFloat(1)],
    ])
  }
  const functions = { ...noFunctions, resolve: async () => ({ reference, source: null, call }) }
  const metric = new Map<string, YamlValue>([
    ['metric', reference],
    ['aggregation', 'median'],
    ['higher_is_better', false],
  ])
  const { metrics, higherIsBetter } = await scores(await prepare({ metric_list: [metric] }, functions), ['b', 'a'])
  // the median of two is the later one there
  expect(dumpsJson(metrics)).toMatch(
    /^\{"pass@1,none": 1\.0, "pass@1_stderr,none": 0\.\d+, "pass@2,none": 1\.0, "pass@2_stderr,none": 0\.0\}$/,
  )
  expect([...higherIsBetter]).toEqual([
    ['pass_at_k', false],
    ['pass@1', false],
    ['pass@2', false],
  ])
})
