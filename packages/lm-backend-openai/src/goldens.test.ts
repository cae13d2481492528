import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { generateUntil, loglikelihood, loglikelihoodRolling } from '@saeval/language-model'
import { expect, it } from 'vitest'
import { demoFolder } from '../../../tests/fixtures.js'
import { fakeServer } from './fake-server.testing.js'
import { localCompletions } from './local-completions.js'

interface Golden {
  readonly pairs: readonly [string, string][]
  readonly texts: readonly string[]
  readonly contexts: readonly string[]
  readonly cases: readonly {
    readonly arguments: Readonly<Record<string, number | boolean>>
    readonly calls: readonly object[]
    readonly scores: readonly [number, boolean][]
    readonly rolling: readonly number[]
    readonly written: readonly string[]
  }[]
}

const golden = JSON.parse(readFileSync(join(import.meta.dirname, 'lm-eval.golden.json'), 'utf8')) as Golden
const sorted = (calls: readonly object[]) => calls.map((call) => JSON.stringify(Object.entries(call).sort())).sort()

it.each(golden.cases)('sends what lm_eval sends, and makes of it what lm_eval makes: $arguments', async (wanted) => {
  const server = await fakeServer()
  const given = { model: 'm', base_url: server.url, tokenizer: join(demoFolder, 'model'), ...wanted.arguments }
  const model = await localCompletions(given, { batchSize: '1', device: null, notice: () => {}, hub: {} })
  const scores = await loglikelihood(
    model,
    golden.pairs.map(([context, continuation]) => ({ context, continuation })),
  )
  const rolling = await loglikelihoodRolling(
    model,
    golden.texts.map((text) => ({ text })),
  )
  const settings = { until: ['|', 'x'], maxGenToks: 9, temperature: 0, doSample: false }
  const written = await generateUntil(
    model,
    golden.contexts.map((context) => ({ context, ...settings })),
  )
  await server.close()
  expect(sorted(server.calls.map(({ body }) => body))).toEqual(sorted(wanted.calls))
  expect(scores.map(({ isGreedy }) => isGreedy)).toEqual(wanted.scores.map(([, isGreedy]) => isGreedy))
  for (const [at, { logprob }] of scores.entries()) expect(logprob).toBeCloseTo(wanted.scores[at]![0], 9)
  for (const [at, sum] of rolling.entries()) expect(sum).toBeCloseTo(wanted.rolling[at]!, 9)
  expect(written).toEqual(wanted.written)
})
