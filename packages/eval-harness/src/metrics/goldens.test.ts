import { readFileSync } from 'node:fs'
import { parseJson } from '@saeval/python/internal/json/json'
import { isDict, numberOf, type PyDict, PyFloat, type PyValue } from '@saeval/python/internal/values/value'
import { describe, expect, it } from 'vitest'
import { fixturePath } from '../../../../tests/fixtures.js'
import { tolerance } from '../../../../tests/tolerances.js'
import { docToTarget } from '../documents/doc-fields.js'
import { rollingValues } from '../scoring/process-results.js'
import { complainAbout } from '../yaml/check-fields.js'
import { type Aggregation, aggregate, aggregations } from './aggregations.js'
import { exactMatch } from './exact-match.js'
import { generationMetrics } from './generation.js'
import { metricConfigs } from './metric-config.js'
import { metrics, type OutputType } from './metric-registry.js'
import { multipleChoiceMetrics, softmax } from './multiple-choice.js'
import { accAllStderr, aggregateScores, bootstrapStderr, meanStderr, pooledStderr, sampleStddev } from './stderr.js'

/** "{"$float": "nan"}" stands for floats that JSON lacks. */
function plain(value: PyValue): PyValue {
  if (isDict(value) && value.has('$float'))
    return new PyFloat(Number(String(value.get('$float')).replace('inf', 'Infinity')))
  return Array.isArray(value) ? value.map(plain) : value
}

const read = (file: string) => parseJson(readFileSync(fixturePath(`golden/units/${file}`), 'utf8'))
const numbers = (value: PyValue | undefined) => (value as PyValue[]).map((item) => numberOf(item)!)
const close = (actual: number, expected: number) =>
  !Number.isFinite(expected)
    ? expect(actual).toBe(expected)
    : expect(Math.abs(actual - expected)).toBeLessThanOrEqual(tolerance.metrics * Math.max(1, Math.abs(expected)))

const golden = read('metrics.json') as PyDict

describe('aggregations', () => {
  const cases = golden.get('aggregations') as PyDict[]

  it.each(cases.map((item, index) => [item.get('aggregation') as string, index, item] as const))(
    '%s %i',
    (name, _, item) => {
      const run = () => aggregate(aggregations[name]!, plain(item.get('items')!) as PyValue[])
      if (item.has('error')) return expect(run).toThrow(TypeError)
      close(numberOf(run())!, numberOf(plain(item.get('output')!))!)
    },
  )

  it('of chrF++ are those of sacrebleu with word_order 2', () => {
    // sacrebleu.corpus_chrf(predictions, [references], word_order=2).score of version 2.6.0
    const items = [
      ['The cat (sat) on the mat.', 'The cat sat on a mat .'],
      ['naïve 3.5 dogs', 'dogs naïve, 3.5'],
    ]
    close(numberOf(aggregate(aggregations['chrf++']!, items))!, 42.69872630724335)
  })
})

it('exact_match', () => {
  for (const item of golden.get('exact_match') as PyDict[]) {
    const [predictions, references] = [item.get('predictions') as PyValue[], item.get('references') as PyValue[]]
    const output = item.get('output') as PyDict
    close(exactMatch(predictions, references, item.get('kwargs') as PyDict), numberOf(output.get('exact_match'))!)
  }
})

it('metrics have the direction, aggregation and standard error of lm_eval', () => {
  const facts = golden.get('passthrough') as PyDict
  for (const [name, expected] of facts as ReadonlyMap<string, PyDict>) {
    const { aggregation, higherIsBetter } = metrics[name]!
    const { stderr } = aggregations[aggregation]!
    expect([name, higherIsBetter, aggregation, stderr === 'mean' ? 'closed' : stderr]).toEqual([
      name,
      expected.get('higher_is_better'),
      expected.get('default_aggregation'),
      expected.get('stderr'),
    ])
  }
})

describe('standard errors', () => {
  const byFunction = (name: string): Aggregation =>
    Object.values(aggregations).find(({ functionName }) => functionName === name)!
  const run: Readonly<Record<string, (item: PyDict) => number | Promise<number>>> = {
    mean_stderr: (item) => meanStderr(numbers(item.get('items'))),
    sample_stddev: (item) => sampleStddev(numbers(item.get('items'))),
    bootstrap_stderr: (item) =>
      bootstrapStderr(
        byFunction(item.get('of') as string),
        item.get('items') as PyValue[],
        item.get('iters') as number,
      ),
    pooled_sample_stderr: (item) => pooledStderr(numbers(item.get('stderrs')), numbers(item.get('sizes'))),
    aggregate_subtask_metrics: (item) =>
      aggregateScores(numbers(item.get('metrics')), numbers(item.get('sizes')), item.get('weight_by_size') === true),
    acc_all_stderr: (item) => accAllStderr(item.get('items') as PyValue[]),
  }
  // lm_eval uses pop_stddev nowhere, and takes no standard error of a single value, which divides by zero
  const cases = (golden.get('stderr') as PyDict[]).filter(
    (item) => item.get('function') !== 'pop_stddev' && item.has('output'),
  )

  it.each(cases.map((item, index) => [item.get('function') as string, index, item] as const))(
    '%s %i',
    async (name, _, item) => {
      close(await run[name]!(item), numberOf(plain(item.get('output')!))!)
    },
  )
})

describe('metrics of documents', () => {
  const cases = read('process_results.json') as PyDict[]

  it.each(
    cases.map(
      (item, index) => [item.get('output_type') as OutputType, item.get('name') as string, index, item] as const,
    ),
  )('%s: %s %i', async (type, _, __, item) => {
    const values = await documentMetrics(type, item)
    const output = item.get('output') as PyDict
    expect([...values.keys()]).toEqual([...output.keys()])
    for (const [name, value] of values) {
      const [actual, expected] = [value, plain(output.get(name)!)]
      if (name !== 'brier_score') expect(actual).toEqual(expected)
      else {
        const [[gold, probabilities], [wantedGold, wanted]] = [actual, expected] as unknown as [
          [PyValue, PyValue],
          [PyValue, PyValue],
        ]
        expect(gold).toEqual(wantedGold)
        for (const [i, value] of numbers(probabilities).entries()) close(value, numbers(wanted)[i]!)
      }
    }
  })
})

async function documentMetrics(type: OutputType, item: PyDict): Promise<ReadonlyMap<string, PyValue>> {
  const config = item.get('config') as PyDict
  const doc = item.get('doc') as PyDict
  const hasChoices = config.has('doc_to_choice')
  const list = metricConfigs(config.get('metric_list') ?? null, type, false, complainAbout('golden'))
  const results = item.get('results') as PyValue[]
  const rule = config.get(
    item.get('multiple_input') === 0 || !item.has('multiple_input') ? 'doc_to_target' : 'doc_to_text',
  )!
  const gold = await docToTarget(rule, doc, { columns: [...doc.keys()], hasChoices })
  const multipleTarget = item.has('multiple_target') && item.get('multiple_target') !== 0
  const scored = (result: PyValue) => {
    const [logprob, isGreedy] = result as [PyValue, boolean]
    return { logprob: numberOf(logprob)!, isGreedy }
  }
  switch (type) {
    case 'multiple_choice':
      return multipleChoiceMetrics(
        { choices: item.get('choices') as string[], gold, multipleTarget, results: results.map(scored) },
        list.map(({ name }) => name),
      )
    case 'generate_until':
      return generationMetrics(
        {
          result: results[0]!,
          target: gold,
          choices: hasChoices ? (config.get('doc_to_choice') as PyValue[]) : null,
          multipleTarget,
        },
        list.map((metric) => ({ config: metric, function: null })),
      )
    case 'loglikelihood': {
      const { logprob, isGreedy } = scored(results[0]!)
      return new Map<string, PyValue>([
        ['perplexity', new PyFloat(logprob)],
        ['acc', isGreedy ? 1 : 0],
      ])
    }
    case 'loglikelihood_rolling':
      return new Map(rollingValues(results[0]!, gold as string))
  }
}

it('softmax', () => {
  for (const item of (read('text.json') as PyDict).get('softmax') as PyDict[]) {
    for (const [i, value] of softmax(numbers(item.get('x'))).entries()) close(value, numbers(item.get('y'))[i]!)
  }
})
