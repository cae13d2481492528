import { join } from 'node:path'
import { loglikelihood, type ModelArguments, registerModel } from '@saeval/language-model'
import { loadModel, type OnnxModel } from '@saeval/lm-backend-onnx'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { demoFolder, fixtureJson, fixturePath } from '../../../../tests/fixtures.js'
import { tolerance } from '../../../../tests/tolerances.js'
import { steered } from '../models/steered.js'

interface Golden {
  readonly pairs: readonly (readonly [context: string, continuation: string])[]
  readonly plain: readonly number[]
  readonly cases: readonly {
    readonly file: string
    readonly args: ModelArguments
    readonly logprobs: readonly number[]
  }[]
}

const goldens: readonly Golden[] = ['expected', 'expected-low-rank'].map((name) =>
  fixtureJson(`golden/vectors/${name}.json`),
)
const [{ pairs, plain }] = goldens as [Golden]
const requests = pairs.map(([context, continuation]) => ({ context, continuation }))

// one model serves all cases; its views are not closed, which would close it
let base: OnnxModel
beforeAll(async () => {
  base = await loadModel({ model: join(demoFolder, 'model'), device: 'cpu', hub: { env: {} } })
  registerModel('shared', async () => base)
})
afterAll(() => base.close())

describe('vectors of other tools', () => {
  it.each(goldens.flatMap(({ cases }) => cases))(
    '$file $args steers as transformers does with hooks',
    async ({ file, args, logprobs }) => {
      const notices: string[] = []
      const model = await steered(
        { backend: 'shared', pretrained: 'demo', steer_path: fixturePath(`golden/vectors/${file}`), ...args },
        { batchSize: '4', device: 'cpu', notice: (line) => notices.push(String(line)), hub: { env: {} } },
      )
      const answers = await loglikelihood(model, requests)
      answers.forEach(({ logprob }, index) => {
        expect(Math.abs(logprob - logprobs[index]!), `pair ${index}`).toBeLessThan(tolerance.steeredAdd)
      })
      expect(logprobs.some((logprob, index) => Math.abs(logprob - plain[index]!) > 0.1)).toBe(true)
      expect(notices.some((line) => line.includes('of type qwen2; this one is gemma2'))).toBe(file === 'half.gguf')
      expect(notices.some((line) => line.includes('does not say at which tokens'))).toBe(file.startsWith('reft'))
    },
  )
})
