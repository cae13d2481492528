import { expect, it } from 'vitest'
import type { Experiment } from '../results/read-experiment.js'
import { studentTwoSided } from '../statistics/student.js'
import { nullEffects } from './null-effects.js'

/** An experiment of one run with controls, by the mean and standard error of each on 50 documents. */
function pValue(before: [number, number], after: [number, number], controls: readonly [number, number][]): number {
  const run = ([value, stderr]: readonly [number, number]) => ({
    results: { scores: [{ task: 't', alias: 't', metric: 'm', filter: 'none', value, stderr, n: 50 }] },
  })
  const experiment = {
    baseline: run(before),
    runs: [{ ...run(after), id: 'cell' }],
    controls: controls.map((one) => ({ of: 'cell', kind: 'random latents', ...run(one) })),
  } as unknown as Experiment
  return nullEffects(experiment)[0]![0]!.against[0]!.test.pValue
}

it('only effects on shares have the smallest size of one document', () => {
  const kls: [number, number][] = [0.0004, 0.0005, 0.0006].map((value) => [value, 0.0001])
  expect(pValue([0, 0], [0.004, 0.001], kls)).toBeCloseTo(studentTwoSided(0.0035 / (1e-4 * Math.sqrt(4 / 3)), 2), 9)
  const share = (value: number): [number, number] => [value, Math.sqrt((value * (1 - value)) / 49)]
  const same = [share(0.5), share(0.5), share(0.5)]
  expect(pValue(share(0.5), share(0.48), same)).toBeCloseTo(studentTwoSided(1 / Math.sqrt(4 / 3), 2), 9)
  // all right, and none
  const all = [share(1), share(1), share(1)]
  expect(pValue(share(1), share(0), all)).toBeCloseTo(studentTwoSided(50 / Math.sqrt(4 / 3), 2), 9)
})
