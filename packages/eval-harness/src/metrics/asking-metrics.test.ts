import type { LanguageModel } from '@saeval/language-model'
import { expect, it } from 'vitest'
import { checkStandIn } from './asking-metrics.js'
import { registerMetric } from './own-metrics.js'

registerMetric('asking', { scoreAll: async (questions) => questions.map(() => 0) })
registerMetric('alone', { score: () => 0 })

const taskOf = (...names: readonly string[]) => ({
  task: { config: { task: 'texts', processResults: null } },
  metrics: names.map((name) => ({ config: { name }, function: null })),
})
const modelOn = (device: string, standIn: boolean) => ({ info: { device, standIn } }) as unknown as LanguageModel

it('a metric that asks the model is not answered by what stands in for its device', () => {
  const stand = modelOn('cuda:0', true)
  expect(() => checkStandIn([taskOf('alone'), taskOf('alone', 'asking')], stand)).toThrow(
    'metric asking of task texts asks the model itself, and cuda:0 is not here: do this on a machine that has it',
  )
  expect(() => checkStandIn([taskOf('alone')], stand)).not.toThrow()
  expect(() => checkStandIn([taskOf('asking')], modelOn('cuda:0', false))).not.toThrow()
})
