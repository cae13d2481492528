import { numberOf, type PyDict, PyFloat, type PyValue } from '@saeval/python/internal/values/value'
import { describe, expect, it } from 'vitest'
import { aggregateGroup } from '../results/aggregate-group.js'
import { complainAbout } from '../yaml/check-fields.js'
import { aggregate, aggregations } from './aggregations.js'
import { exactMatch } from './exact-match.js'
import { metricConfigs } from './metric-config.js'
import { goldOf, softmax } from './multiple-choice.js'

// all numbers are what lm_eval 0.4.13's own functions give, run on the same values
const floats = (values: readonly number[]): PyValue[] => values.map((value) => new PyFloat(value))
const value = (name: string, items: readonly PyValue[]) => numberOf(aggregate(aggregations[name]!, items))
const thousand = Array.from({ length: 1000 }, (_, i) => ((i * 7919) % 1000) / 997)

describe('numpy adds in pairs, to the last digit', () => {
  it('in nanmean, where NaN is a 0', () => {
    expect(value('nanmean', floats(thousand))).toBe(0.5010030090270813)
    expect(value('nanmean', floats(thousand.map((x, i) => (i % 7 === 0 ? Number.NaN : x))))).toBe(0.5023834631081109)
    expect(value('mean', floats(thousand))).toBe(0.5010030090270812)
  })

  it.each([
    [4, 0.828771964756789],
    [10, 0.9326752452617063],
    [20, 0.966465260475062],
  ])('in brier_score of %i choices', (choices, expected) => {
    const items = Array.from({ length: 300 }, (_, i): PyValue => {
      const weights = Array.from({ length: choices }, (_, j) => ((i * 31 + j * 17) % 23) + 1)
      const total = weights.reduce((sum, weight) => sum + weight, 0)
      return [i % choices, floats(weights.map((weight) => weight / total))]
    })
    expect(value('brier_score', items)).toBe(expected)
  })

  it('in softmax', () => {
    const [first, second, third] = softmax(Array.from({ length: 20 }, (_, i) => -((i * 7) % 11) / 3))
    expect(first).toBeCloseTo(0.15285788850762563, 15)
    expect([second, third]).toEqual([0.014822930252182284, 0.05623327460283195].map((x) => expect.closeTo(x, 15)))
  })
})

it('brier_score needs as many choices in every document (a ValueError there)', () => {
  const items = [[0, floats([0.5, 0.5])] as const, [0, floats([0.2, 0.3, 0.5])] as const]
  expect(() => value('brier_score', items)).toThrow('documents that have different numbers of choices')
})

it.each([
  // unweighted_mean_stderr and pooled_sample_stderr of ([0.05, 0.01], [10, 1000])
  [false, 0.025495097567963927],
  [true, 0.009916999962703165],
])('the standard error of a group fits its mean, weighted by size: %s', (weightBySize, expected) => {
  const task = (size: number, stderr: number): PyDict =>
    new Map<string, PyValue>([
      ['sample_len', size],
      ['acc,none', new PyFloat(0.5)],
      ['acc_stderr,none', new PyFloat(stderr)],
    ])
  const leaf = (name: string) => ({ kind: 'task', config: { task: name } })
  const metrics = [{ metric: 'acc', weightBySize, filters: null }]
  const group = { name: 'g', alias: 'g', metrics, children: [leaf('a'), leaf('b')] } as never
  const entry = aggregateGroup(
    group,
    new Map([
      ['a', task(10, 0.05)],
      ['b', task(1000, 0.01)],
    ]),
  )
  expect(numberOf(entry.get('acc_stderr,none'))).toBeCloseTo(expected, 16)
})

describe('regexes_to_ignore', () => {
  it('of a single text are its characters', () => {
    expect(exactMatch(['a1b', 'b'], ['ab', 'bb'], new Map([['regexes_to_ignore', '1b']]))).toBe(1)
  })

  it.each([
    ['(', /t\.yaml: metric_list\.exact_match cannot be used: /],
    [['a', 3], /t\.yaml: metric_list\.exact_match has a regular expression that is not a text/],
    [3, /t\.yaml: metric_list\.exact_match\.regexes_to_ignore is not a list of regular expressions/],
  ])('that cannot be used are refused when the task is loaded: %j', (patterns, message) => {
    const entry = new Map<string, PyValue>([
      ['metric', 'exact_match'],
      ['regexes_to_ignore', patterns],
    ])
    expect(() => metricConfigs([entry], 'generate_until', false, complainAbout('t.yaml'))).toThrow(message)
  })
})

it('of a metric named twice the last settings count, at the place of the first', () => {
  const entry = (fields: Record<string, PyValue>) => new Map(Object.entries(fields))
  const list = metricConfigs(
    [
      entry({ metric: 'exact_match', ignore_case: false, higher_is_better: false }),
      entry({ metric: 'bleu' }),
      entry({ metric: 'exact_match', ignore_case: true, aggregation: 'median' }),
    ],
    'generate_until',
    false,
    complainAbout('t.yaml'),
  )
  // ConfigurableTask's _metric_fn_kwargs, _aggregation_list and _higher_is_better
  expect(
    list.map(({ name, settings, aggregation, higherIsBetter }) => [name, [...settings], aggregation, higherIsBetter]),
  ).toEqual([
    ['exact_match', [['ignore_case', true]], 'median', true],
    ['bleu', [], 'bleu', true],
  ])
})

describe('right answers among the choices', () => {
  const choices = ['a', 'b']

  it.each([
    ['a text', 'b', 1],
    ['a text that is no choice', 'x', -100],
    ['a truth value', true, 1],
    ['a number that is too large', 2, -100],
    ['a list', [0, 1, 2], [0, 1, -100]],
  ] as const)('%s', (_name, gold, expected) => {
    expect(goldOf({ choices, gold, multipleTarget: Array.isArray(gold) })).toEqual(expected)
  })

  // TypeErrors of ConfigurableTask.process_results
  it.each([[null], [new PyFloat(1)], [[0, 'b']], [[0, null]]])('%j is none', (gold) => {
    expect(() => goldOf({ choices, gold, multipleTarget: Array.isArray(gold) })).toThrow(
      /^the target .* does not tell the places of choices$/,
    )
  })
})
