import { expect, it } from 'vitest'
import type { Experiment } from '../results/read-experiment.js'
import type { Score } from '../results/run-results.js'
import { metricColumns } from './experiment-shape.js'
import { judged, parseTarget, wantedOf } from './wanted.js'

const score = (task: string, metric: string, value: number, higherIsBetter: boolean | null): Score => ({
  task,
  alias: `the ${task}`,
  members: null,
  metric,
  filter: 'none',
  value,
  stderr: null,
  n: 10,
  higherIsBetter,
})

/** An unsteered run and one that moves every value up by 0.1. */
function experiment(...scores: readonly Score[]): Experiment {
  const run = (moved: number) => ({
    label: '',
    parameters: {},
    results: { scores: scores.map((one) => ({ ...one, value: one.value + moved })) },
  })
  return { baseline: run(0), runs: [run(0.1)] } as unknown as Experiment
}

function wanted(scores: readonly Score[], target: string) {
  const own = experiment(...scores)
  return wantedOf(own, metricColumns(own), parseTarget(target))
}

it('a metric without the target wants nothing', () => {
  const found = wanted([score('dogs', 'acc', 0.5, true), score('gsm8k', 'exact_match', 0.5, true)], 'dogs:down')
  expect(found.get('acc')).toMatchObject({ target: { task: 'dogs' }, direction: 'down', isSaid: true })
  expect(found.get('exact_match')).toBeNull()
  // so higher is better there
  expect(judged(score('gsm8k', 'exact_match', 0, true), 0.1, found.get('exact_match')!)).toBe('good')
})

it('a direction is that of metrics of which higher is better; the others go the other way', () => {
  const told = (target: string, ...scores: readonly Score[]) =>
    Object.fromEntries(
      [...wanted(scores, target)].map(([metric, one]) => [metric, one && `${one.direction}${one.isSaid ? '' : '?'}`]),
    )
  const lambada = [score('lambada', 'perplexity', 9, false), score('lambada', 'acc', 0.5, true)]
  expect(told('lambada:down', ...lambada)).toEqual({ perplexity: 'up', acc: 'down' })
  expect(told('lambada:up', ...lambada)).toEqual({ perplexity: 'down', acc: 'up' })
  expect(told('the lambada', ...lambada)).toEqual({ perplexity: 'up?', acc: 'up?' })
  // it has no others: the value itself is meant
  expect(told('wiki:down', score('wiki', 'word_perplexity', 9, false), score('wiki', 'bits', 1, false))).toEqual({
    word_perplexity: 'down',
    bits: 'down',
  })
  // not known which side is better: as the runs move it
  expect(told('own:down', score('own', 'acc', 1, true), score('own', 'odd', 1, null))).toEqual({
    acc: 'down',
    odd: 'up?',
  })
})

it('a group as target is all of its tasks', () => {
  const parts = ['wmdp_bio', 'wmdp_chem', 'mmlu'].map((task) => score(task, 'acc', 0.5, true))
  const group = { ...score('wmdp', 'acc', 0.5, true), members: ['wmdp_bio', 'wmdp_chem'] }
  const own = wanted([...parts, group], 'wmdp:down').get('acc')!
  expect([own.target.task, [...own.names]]).toEqual(['wmdp', ['wmdp', 'wmdp_bio', 'wmdp_chem']])
  expect(['wmdp', 'wmdp_bio', 'mmlu'].map((task) => judged(score(task, 'acc', 0, true), -0.1, own))).toEqual([
    'good',
    'good',
    'bad',
  ])
})

it('a name is a task before it is what tables call one', () => {
  const scores = [{ ...score('a', 'acc', 0.5, true), alias: 'b' }, score('b', 'acc', 0.5, true)]
  expect(wanted(scores, 'b').get('acc')!.target.task).toBe('b')
  expect(() => wanted(scores, 'c')).toThrow('`target` c: no task of that name in these results')
})
