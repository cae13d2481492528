import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { InputError } from '@saeval/hub'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../../../../tests/fixtures.js'
import { readExperiment } from './read-experiment.js'
import { readSamples } from './read-samples.js'

const results = {
  results: { dogs: { alias: 'dogs', 'acc,none': 1, 'acc_stderr,none': 0.1, sample_len: 3 }, g: { 'acc,none': 1 } },
  group_subtasks: { g: ['dogs'] },
  higher_is_better: { dogs: { acc: true } },
  date: 1,
  config: { model: 'hf', model_args: {} },
  saeval: { steering: { rows: [{ latent_idx: 1 }] } },
}
const sample = {
  doc_id: 1,
  doc_hash: 'h',
  filter: 'none',
  target: 'a',
  arguments: { gen_args_0: { arg_0: 'p', arg_1: 'c' } },
  filtered_resps: [['-1.0', 'True']],
  metrics: ['acc'],
  acc: 1,
}
const cell = { id: 'a', parameters: { c: 1 }, results: { dogs: 'results_x.json' } }
const sweep = { saeval: '1', command: 'c', tasks: ['dogs'], baseline: { ...cell, id: 'baseline' }, cells: [cell] }

const odd: readonly unknown[] = [null, true, -1, 1e300, '', [], [null], {}, { constructor: 1 }, Array(1000).fill(1)]

/** The value with every part of it, the whole too, replaced by odd values in turn, or missing. */
function* damages(value: unknown): Generator<unknown> {
  yield* odd
  if (typeof value !== 'object' || value === null) return
  for (const [name, part] of Object.entries(value)) {
    const set = (replaced: unknown) => Object.assign(structuredClone(value), { [name]: replaced })
    for (const replaced of damages(part)) yield set(replaced)
    yield set(undefined)
  }
}

const samplesOf = async (path: string) => {
  for await (const read of readSamples(path)) expect(read.docId).toBeTypeOf('number')
}

it.each([
  ['results_x.json', results, readExperiment],
  ['samples_dogs.jsonl', sample, samplesOf],
  ['sweep.json', sweep, readExperiment],
] as const)('%s that is damaged in any field is read, or ends in one sentence', async (name, whole, read) => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'results_x.json'), JSON.stringify(results))
  let refused = 0
  for (const damaged of damages(whole)) {
    writeFileSync(join(folder, name), JSON.stringify(damaged))
    const error: unknown = await read(join(folder, name)).then(
      () => null,
      (cause: unknown) => cause,
    )
    if (error === null) continue
    if (!InputError.isInstance(error)) throw new Error(`${error} for ${JSON.stringify(damaged)}`, { cause: error })
    expect(error.message).toMatch(/^[^\n]{1,400}$/)
    refused++
  }
  expect(refused).toBeGreaterThan(10)
})
