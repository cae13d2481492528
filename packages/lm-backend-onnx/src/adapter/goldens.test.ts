import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { fixtureJson, fixturePath, hasFixture, temporaryFolder } from '../../../../tests/fixtures.js'
import { tolerance } from '../../../../tests/tolerances.js'

// built, because it starts a worker
const built = new URL('../../dist/model/load-model.js', import.meta.url)
const { loadModelPacked } = (await import(built.href)) as typeof import('../model/load-model.js')

const hub = { env: { HF_HOME: fixturePath('hf-home'), HF_HUB_OFFLINE: '1', SAEVAL_CACHE: temporaryFolder() } }
const names = readdirSync(fixturePath('golden/adapters'))

interface Golden {
  readonly model: string
  readonly num_parameters: number
  readonly rows: readonly { readonly ids: number[]; readonly logprobs: number[]; readonly last_logits: number[] }[]
}

describe('models with an adapter have the numbers of peft', () => {
  const here = names.filter((name) => {
    const { model } = fixtureJson(`golden/adapters/${name}/golden.json`) as Golden
    return hasFixture(`hf-home/hub/models--${model.replace('/', '--')}`)
  })

  it.each(here.flatMap((name) => [[name, Number.POSITIVE_INFINITY] as const, [name, 0] as const]))(
    '%s, packed up to %s bytes',
    async (name, packUpTo) => {
      const golden = fixtureJson(`golden/adapters/${name}/golden.json`) as Golden
      const noise = fixtureJson(`golden/models/${golden.model.replace('/', '--')}.json`).tolerance
      const near = tolerance.logits(noise['logits_change_for_1e-6_relative_embedding_noise'])
      const adapter = fixturePath(join('golden/adapters', name))
      const model = await loadModelPacked({ model: golden.model, adapter, device: 'cpu', hub }, packUpTo)
      try {
        let largest = 0
        for (const { ids, logprobs, last_logits: last } of golden.rows) {
          const predictions = ids.slice(1).map((token, position) => ({ position, token }))
          const [scored] = await model.scoreTokens([{ ids, predictions }])
          const [logits] = await model.lastLogits(ids, [[]])
          for (const [index, value] of logprobs.entries())
            largest = Math.max(largest, Math.abs(value - scored!.logprobs[index]!))
          for (const [index, value] of last.entries())
            largest = Math.max(largest, Math.abs(value - logits![97 * index]!))
        }
        if (process.env.SAEVAL_DEVIATIONS) console.log(name, packUpTo, largest)
        expect(largest).toBeLessThanOrEqual(near)
        expect(model.info.numParameters).toBe(golden.num_parameters)
      } finally {
        await model.close()
      }
    },
  )
})

it('keeps the merged tensors of a large model for the next run, and makes a damaged file anew', async () => {
  const cache = temporaryFolder()
  const adapter = fixturePath('golden/adapters/gemma-dora')
  const open = async () => {
    const notices: string[] = []
    const env = { ...hub.env, SAEVAL_CACHE: cache }
    const notice = (line: unknown) => notices.push(String(line))
    const model = await loadModelPacked({ model: 'google/gemma-2-2b', adapter, device: 'cpu', hub: { env }, notice }, 0)
    await model.close()
    return notices
  }
  expect(await open()).toEqual([expect.stringMatching(/^making the weights with the adapter .*gemma-dora of google/)])
  expect(await open()).toEqual([])
  const [file] = readdirSync(join(cache, 'merged-weights'))
  const path = join(cache, 'merged-weights', file!)
  const bytes = readFileSync(path)
  bytes[bytes.length - 1]! ^= 1
  writeFileSync(path, bytes)
  expect(await open()).toEqual([expect.stringContaining('is damaged'), expect.stringContaining('making')])
})
