import type { LoweredSteering } from '@saeval/steering'
import { expect, it } from 'vitest'
import { usedArguments } from './open-sweep.js'

it('keeps of the arguments of a sweep those that a cell has used', () => {
  const args = { base_name: 'm', unit: 'max_activation', features_path: 'f.jsonl' }
  const used = (...rows: object[]) => usedArguments(args, { rows } as unknown as LoweredSteering)
  const factor = { row: {}, unit: null }
  const read = { row: {}, unit: { unit: 'max_activation', statistic: 8, source: 'f.jsonl' } }
  const own = { row: {}, unit: { unit: 'max_activation', statistic: 8, source: 'column max_activation' } }
  const ofRow = { row: { unit: 'residual_norm' }, unit: { unit: 'residual_norm', statistic: 8, source: 'mean |x|' } }
  expect(used(factor)).toEqual({ base_name: 'm' })
  expect(used(factor, ofRow)).toEqual({ base_name: 'm' })
  expect(used(factor, own)).toEqual({ base_name: 'm', unit: 'max_activation' })
  expect(used(factor, read)).toEqual(args)
})
