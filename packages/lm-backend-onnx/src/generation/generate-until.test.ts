import type { GeneratedTokens } from '@saeval/language-model'
import { generateUntil } from '@saeval/language-model'
import { loadModel } from '@saeval/lm-backend-onnx'
import { expect, it } from 'vitest'
import { fixturePath } from '../../../../tests/fixtures.js'

it('shows texts while they are written', async () => {
  const env = { HF_HOME: fixturePath('hf-home'), HF_HUB_OFFLINE: '1' }
  const model = await loadModel({ model: 'google/gemma-2-2b', device: 'cpu', hub: { env } })
  try {
    const greedy = { until: [], doSample: false, temperature: 0 }
    const requests = [
      { ...greedy, context: 'The dog', maxGenToks: 5 },
      { ...greedy, context: 'One two three', maxGenToks: 3 },
      // a chat's prompt has its BOS itself
      { ...greedy, context: '<bos>One two', maxGenToks: 2 },
    ]
    const seen: GeneratedTokens[] = []
    const texts = await generateUntil(model, requests, { onTokens: (generated) => seen.push(generated) })
    for (const [request, { context, maxGenToks }] of requests.entries()) {
      const own = seen.filter((generated) => generated.request === request)
      const last = own.at(-1)!
      expect(last.promptIds).toEqual(model.tokenizer.encode(context.replace('<bos>', '')))
      expect(model.encodePrompt(context, maxGenToks)).toEqual({ ids: last.promptIds, truncated: false })
      expect(last.newIds.length).toBeLessThanOrEqual(maxGenToks)
      expect(model.tokenizer.decode(last.newIds, { skipSpecialTokens: true })).toBe(texts[request])
      // one token more each time
      const steps = own.slice(0, -1).map(({ newIds }) => newIds)
      expect(steps.map(({ length }) => length)).toEqual(steps.map((_, index) => index + 1))
      for (const step of steps) expect(last.newIds.slice(0, step.length)).toEqual(step)
    }
    const { maxLength } = model.info
    expect(model.encodePrompt('One two three', maxLength - 1)).toMatchObject({
      ids: [expect.any(Number)],
      truncated: true,
    })
  } finally {
    await model.close()
  }
})
