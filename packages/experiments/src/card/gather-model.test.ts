import type { ExperimentRun } from '@saeval/report'
import { expect, it } from 'vitest'
import { recorded } from './gather-model.js'

const run = (provenance: Record<string, unknown>) => ({ results: { provenance } }) as unknown as ExperimentRun

it.each([
  [[{}, {}], null],
  [[{ device: 'cuda:0' }, { device: 'cuda:0' }], 'cuda:0'],
  [[{}, { device: 'webgpu' }], 'cpu and webgpu'],
])('%j were computed on %s', ([first, second], device) => {
  expect(recorded({ baseline: run(first!), runs: [run(second!)] }, 'device')).toBe(device)
})
