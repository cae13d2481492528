import { generateUntil, loglikelihood, SelectionError } from '@saeval/language-model'
import type { OnnxModel } from '@saeval/lm-backend-onnx'
import { loadModel } from '@saeval/lm-backend-onnx'
import { type Intervention, lowerEdits, parsePositions } from '@saeval/sae-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fixturePath } from '../../../../tests/fixtures.js'
import { randomNumbers, randomSae } from '../../../../tests/random-sae.js'

const hookPoint = 'blocks.13.hook_resid_post'
const prompt = 'The dog said "hello" to'
let model: OnnxModel
let d: number
let vector: Float32Array
beforeAll(async () => {
  const env = { HF_HOME: fixturePath('hf-home'), HF_HUB_OFFLINE: '1' }
  model = await loadModel({ model: 'google/gemma-2-2b', device: 'cpu', batchSize: 3, hub: { env } })
  d = (await model.captureActivations('a', [hookPoint])).get(hookPoint)!.dims[1]
  vector = randomNumbers(3)(d, 4)
})
afterAll(() => model.close())

const add = (include: string, exclude = ''): Intervention[] => {
  const positions = {
    include: parsePositions(include),
    exclude: exclude === '' ? [] : parsePositions(exclude),
  }
  const adds = [{ vector, gates: [], positions }]
  return [
    { hookPoint, stages: [{ addend: null, adds, readers: [], phases: [], gatesRead: 'clean', saeReplacement: null }] },
  ]
}

/** Log-probability of each token after the first, with the vector added by a callback at these positions. */
async function byHand(ids: readonly number[], positions: readonly number[]): Promise<number[]> {
  const { logits } = await model.runWithHooks(ids, {
    [hookPoint]: ({ data }) => {
      for (const position of positions) for (let i = 0; i < d; i++) data[position * d + i]! += vector[i]!
      return undefined
    },
  })
  return ids.slice(1).map((token, position) => {
    const row = logits[position]!
    const most = row.reduce((a, b) => Math.max(a, b))
    return row[token]! - most - Math.log(row.reduce((sum, value) => sum + Math.exp(value - most), 0))
  })
}

describe('edits at selected positions', () => {
  it('scores as a callback that changes only those', async () => {
    const ids = model.tokenizer.encode(prompt)
    const n = ids.length
    const all = ids.map((_, position) => position)
    const promptLength = n - 3
    for (const [include, exclude, expected] of [
      ['all', '', all],
      ['prompt', '', all.slice(0, promptLength)],
      ['generated', '', all.slice(promptLength)],
      ['last_prompt', '', [promptLength - 1]],
      ['all', 'bos', all.slice(1)],
      ['all', 'special', all.slice(1)],
      ['1:3 -1:', '', [1, 2, promptLength - 1]],
    ] as const) {
      const predictions = ids.slice(1).map((token, position) => ({ position, token }))
      // rows of other prompts in the same batch must not matter
      const scored = await model.steer(add(include, exclude)).scoreTokens([
        { ids, predictions, promptLength },
        { ids, predictions, promptLength: 2 },
        { ids: ids.slice(0, 5), predictions: predictions.slice(0, 4), promptLength: 4 },
      ])
      const golden = await byHand(ids, expected)
      scored[0]!.logprobs.forEach((value, at) => {
        expect(Math.abs(value - golden[at]!), `${include} without ${exclude}, token ${at}`).toBeLessThan(2e-4)
      })
    }
  })

  it('captures a text whose end counts as generated', async () => {
    const ids = model.tokenizer.encode(prompt)
    const promptLength = ids.length - 2
    const capture = async (view: OnnxModel) =>
      (await view.captureActivations(ids, [hookPoint], { promptLength })).get(hookPoint)!.data
    const plain = await capture(model)
    const steered = await capture(model.steer(add('generated')))
    steered.forEach((value, at) => {
      const added = at < promptLength * d ? 0 : vector[at % d]!
      expect(Math.abs(value - plain[at]! - added)).toBeLessThan(1e-4)
    })
    const run = (view: OnnxModel, options = {}) => view.runWithHooks(ids, {}, options)
    const { logits } = await run(model.steer(add('generated')), { promptLength })
    const expected = (await run(model.steer(add('-2:')))).logits
    expect(logits).toEqual(expected)
  })

  it('takes the context of a loglikelihood request for its prompt', async () => {
    const [context, continuation] = ['The dog said', ' "hello" to you']
    const ids = model.tokenizer.encode(context + continuation)
    const promptLength = model.tokenizer.encode(context).length
    const steered = model.steer(add('generated'))
    const [answer] = await loglikelihood(steered, [{ context, continuation }])
    // the last token is predicted and never read
    const positions = ids.map((_, position) => position).slice(promptLength, -1)
    const golden = (await byHand(ids, positions)).slice(promptLength - 1)
    expect(Math.abs(answer!.logprob - golden.reduce((a, b) => a + b))).toBeLessThan(1e-3)
    expect(steered.report().provenance).toMatchObject({
      selected_positions: [{ positions: 'positions generated', requests: 1, requests_without_a_token: 0 }],
    })
  })

  it('generates with its cache as a callback without one', async () => {
    const prompts = [prompt, 'A', 'One two three four five six']
    const request = { until: [], maxGenToks: 8, doSample: false, temperature: 0 }
    for (const [include, exclude, isSelected] of [
      ['generated', '', (position: number, n: number) => position >= n],
      ['prompt', 'bos', (position: number, n: number) => position > 0 && position < n],
      ['last_prompt', '', (position: number, n: number) => position === n - 1],
    ] as const) {
      const steered = model.steer(add(include, exclude))
      const texts = await generateUntil(
        steered,
        prompts.map((context) => ({ ...request, context })),
      )
      for (const [index, text] of texts.entries()) {
        const ids = model.tokenizer.encode(prompts[index]!)
        const n = ids.length
        for (let step = 0; step < request.maxGenToks; step++) {
          const { logits } = await model.runWithHooks(ids, {
            [hookPoint]: ({ data }) => {
              for (const position of ids.keys())
                if (isSelected(position, n)) for (let i = 0; i < d; i++) data[position * d + i]! += vector[i]!
              return undefined
            },
          })
          const last = logits.at(-1)!
          ids.push(last.reduce((best, value, id) => (value > last[best]! ? id : best), 0))
        }
        expect(text, include).toBe(model.tokenizer.decode(ids.slice(n), { skipSpecialTokens: true }))
      }
    }
  })

  it('refuses a selection that selects nothing', async () => {
    const requests = [{ context: 'The dog', continuation: ' x' }]
    await expect(loglikelihood(model.steer(add('generated')), requests)).rejects.toThrow(SelectionError)
    await expect(loglikelihood(model.steer(add('100:200')), requests)).rejects.toThrow(
      'positions 100:200 hold no token of the request',
    )
    await expect(loglikelihood(model.steer(add('prompt', 'all')), requests)).rejects.toThrow(SelectionError)
    // the only new token is never read
    const text = {
      context: 'The dog',
      until: [],
      maxGenToks: 1,
      doSample: false,
      temperature: 0,
    }
    await expect(generateUntil(model.steer(add('generated')), [text])).rejects.toThrow(SelectionError)
  })
})

describe('edits that read another hook point', () => {
  it('read it across the cuts that callbacks make', async () => {
    const transcoder = randomSae(5, {
      architecture: 'transcoder',
      dIn: d,
      dOut: d,
      applyBDecToInput: false,
      hookPoint: 'blocks.2.hook_resid_mid',
      hookPointOut: 'blocks.2.hook_mlp_out',
    })
    const edits = await lowerEdits([
      { sae: transcoder, action: 'scale', latent: 3, coefficient: 9 },
      { sae: transcoder, action: 'clamp', latent: 4, coefficient: 2 },
    ])
    const steered = model.steer(edits)
    const ids = model.tokenizer.encode(prompt)
    const [expected] = await model.lastLogits(ids, [edits])
    const [plain] = await model.lastLogits(ids, [[]])
    const hooks = ['blocks.2.hook_resid_mid', 'blocks.2.ln2.hook_normalized', 'blocks.3.hook_resid_pre']
    const { logits } = await steered.runWithHooks(ids, Object.fromEntries(hooks.map((hook) => [hook, () => undefined])))
    expect(Math.max(...expected!.map((value, i) => Math.abs(value - plain![i]!)))).toBeGreaterThan(0.01)
    expect(Math.max(...expected!.map((value, i) => Math.abs(value - logits.at(-1)![i]!)))).toBeLessThan(1e-3)
    // the callback's change of what the SAE reads is what the SAE reads
    const { logits: changed } = await steered.runWithHooks(ids, { [hooks[0]!]: ({ data }) => data.fill(0) })
    const { logits: unsteered } = await model.runWithHooks(ids, { [hooks[0]!]: ({ data }) => data.fill(0) })
    expect(Math.max(...changed.at(-1)!.map((value, i) => Math.abs(value - unsteered.at(-1)![i]!)))).toBeGreaterThan(0)
  })

  it('must come after it', async () => {
    const late = randomSae(5, {
      architecture: 'transcoder',
      dIn: d,
      dOut: d,
      hookPoint: 'blocks.3.hook_resid_mid',
      hookPointOut: 'blocks.2.hook_mlp_out',
    })
    const edits = await lowerEdits([{ sae: late, action: 'clamp', latent: 3, coefficient: 9 }])
    expect(() => model.steer(edits)).toThrow('computes only after it')
  })
})
