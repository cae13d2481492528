import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { fixturePath } from '../../../../tests/fixtures.js'
import { parseJson } from '../python/json.js'
import { isDict, numberOf, type PyDict, PyFloat, type PyValue } from '../python/value.js'
import { docToTarget } from '../requests/doc-fields.js'
import { aggregations, metrics } from './metric-table.js'
import { multipleChoiceMetrics, softmax } from './multiple-choice.js'
import { aggregateScores, bootstrapStderr, meanStderr, pooledStderr, sampleStddev } from './stderr.js'

/** "{"$float": "nan"}" stands for floats that JSON lacks. */
function plain(value: PyValue): PyValue {
  if (isDict(value) && value.has('$float'))
    return new PyFloat(Number(String(value.get('$float')).replace('inf', 'Infinity')))
  return Array.isArray(value) ? value.map(plain) : value
}

const read = (file: string) => parseJson(readFileSync(fixturePath(`golden/units/${file}`), 'utf8'))
const numbers = (value: PyValue | undefined) => (value as PyValue[]).map((item) => numberOf(item)!)
/** Equal to 1e-9 relative: the agreement that the project asks for on the same inputs. */
const close = (actual: number, expected: number) =>
  !Number.isFinite(expected)
    ? expect(actual).toBe(expected)
    : expect(Math.abs(actual - expected)).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(expected)))

const golden = read('metrics.json') as PyDict

describe('aggregations', () => {
  const cases = (golden.get('aggregations') as PyDict[]).filter(
    (item) => (item.get('aggregation') as string) in aggregations,
  )

  it.each(cases.map((item, index) => [item.get('aggregation') as string, index, item] as const))(
    '%s %i',
    (name, _, item) => {
      if (item.has('error'))
        return expect(() => aggregations[name]!.aggregate(item.get('items') as PyValue[])).toThrow(TypeError)
      close(
        aggregations[name]!.aggregate(plain(item.get('items')!) as PyValue[]),
        numberOf(plain(item.get('output')!))!,
      )
    },
  )
})

it('metrics have the direction, aggregation and standard error of lm_eval', () => {
  const facts = golden.get('passthrough') as PyDict
  for (const [name, { aggregation, higherIsBetter }] of Object.entries(metrics)) {
    const expected = facts.get(name) as PyDict
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
  const run: Readonly<Record<string, (item: PyDict) => number>> = {
    mean_stderr: (item) => meanStderr(item.get('items') as PyValue[]),
    sample_stddev: (item) => sampleStddev(numbers(item.get('items'))),
    bootstrap_stderr: (item) =>
      bootstrapStderr(
        aggregations[item.get('of') as string]!.aggregate,
        item.get('items') as PyValue[],
        item.get('iters') as number,
      ),
    pooled_sample_stderr: (item) => pooledStderr(numbers(item.get('stderrs')), numbers(item.get('sizes'))),
    aggregate_subtask_metrics: (item) =>
      aggregateScores(numbers(item.get('metrics')), numbers(item.get('sizes')), item.get('weight_by_size') === true),
  }
  const cases = (golden.get('stderr') as PyDict[]).filter(
    (item) =>
      (item.get('function') as string) in run &&
      item.has('output') &&
      (!item.has('of') || (item.get('of') as string) in aggregations),
  )

  it.each(cases.map((item, index) => [item.get('function') as string, index, item] as const))(
    '%s %i',
    (name, _, item) => {
      close(run[name]!(item), numberOf(plain(item.get('output')!))!)
    },
  )
})

describe('metrics of multiple-choice documents', () => {
  const cases = (read('process_results.json') as PyDict[]).filter(
    (item) => item.get('output_type') === 'multiple_choice',
  )

  it.each(cases.map((item, index) => [item.get('name') as string, index, item] as const))('%s %i', (_, __, item) => {
    const config = item.get('config') as PyDict
    const doc = item.get('doc') as PyDict
    const list = config.get('metric_list') as PyDict[] | undefined
    const goldRule = config.get(item.get('multiple_input') === 0 ? 'doc_to_target' : 'doc_to_text')!
    const answer = {
      choices: item.get('choices') as string[],
      gold: docToTarget(goldRule, doc, { columns: [...doc.keys()], hasChoices: true }),
      multipleTarget: item.get('multiple_target') !== 0,
      results: (item.get('results') as PyValue[][]).map(([logprob, isGreedy]) => ({
        logprob: numberOf(logprob)!,
        isGreedy: isGreedy as boolean,
      })),
    }
    const values = multipleChoiceMetrics(
      answer,
      list?.map((entry) => entry.get('metric') as string) ?? ['acc', 'acc_norm'],
    )
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

it('softmax', () => {
  for (const item of (read('text.json') as PyDict).get('softmax') as PyDict[]) {
    for (const [i, value] of softmax(numbers(item.get('x'))).entries()) close(value, numbers(item.get('y'))[i]!)
  }
})
