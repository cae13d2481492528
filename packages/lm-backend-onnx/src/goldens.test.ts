import { generateUntil, loglikelihood, loglikelihoodRolling } from '@saeval/language-model'
import type { OnnxModel } from '@saeval/lm-backend-onnx'
import { loadModel } from '@saeval/lm-backend-onnx'
import { addStage, type Intervention } from '@saeval/sae-core'
import { afterAll, describe, expect, it } from 'vitest'
import { daily } from '../../../tests/daily.js'
import { Deviations, documentedModels, type Measured } from '../../../tests/deviations.js'
import { casesHere, fixtureJson, hfHomeOf } from '../../../tests/fixtures.js'
import { readGoldenTensors } from '../../../tests/golden-tensors.js'
import { testDevice } from '../../../tests/test-device.js'
import { tolerance } from '../../../tests/tolerances.js'

const names = [
  'openai-community/gpt2',
  'google/gemma-2b',
  'google/gemma-2-2b',
  'meta-llama/Llama-3.1-8B',
  'mistralai/Mistral-7B-v0.1',
  'Qwen/Qwen2.5-7B-Instruct',
  'Qwen/Qwen3-1.7B',
  'google/gemma-3-1b-pt',
  'google/gemma-3-4b-pt',
  'roneneldan/TinyStories-33M',
  'EleutherAI/pythia-70m-deduped',
  'Qwen/Qwen3-30B-A3B-Base',
  'openai/gpt-oss-20b',
  'Qwen/Qwen3.5-2B-Base',
  'microsoft/Phi-3-mini-4k-instruct',
  'microsoft/Phi-4-mini-instruct',
  'allenai/OLMo-2-1124-7B',
  'allenai/Olmo-3-1025-7B',
  'HuggingFaceTB/SmolLM3-3B-Base',
  'google/gemma-4-E2B',
  'google/gemma-4-26B-A4B',
  'meta-llama/Llama-4-Scout-17B-16E',
  'zai-org/GLM-4-9B-0414',
  'mistralai/Ministral-3-3B-Base-2512',
]

function difference(actual: ArrayLike<number>, golden: ArrayLike<number>): number {
  expect(actual.length).toBe(golden.length)
  let most = 0
  for (let i = 0; i < golden.length; i++) {
    const distance = Math.abs(actual[i]! - golden[i]!)
    // NaN stays NaN and fails every comparison
    most = Math.max(most, distance)
  }
  return most
}

const opened: OnnxModel[] = []
const deviations = new Deviations()
afterAll(async () => {
  if (process.env.SAEVAL_DEVIATIONS) deviations.write()
  await Promise.all(opened.map((model) => model.close()))
})

const goldenOf = (name: string) => `golden/models/${name.replace('/', '--')}.json`

it('docs/models.md says how far each is', () => {
  expect(documentedModels()).toEqual(names)
})

describe.each(casesHere(names, goldenOf))('%s', (name) => {
  const golden = fixtureJson(goldenOf(name))
  // lavapipe takes its time
  const slow = testDevice === 'cpu' ? {} : daily(name)
  const tensors = readGoldenTensors(`golden/models/${name.replace('/', '--')}.safetensors`)
  const close = tolerance.logits(golden.tolerance['logits_change_for_1e-6_relative_embedding_noise'])
  const report = (what: Measured, value: number) => deviations.add(name, what, value)
  const closeHooks = !name.startsWith('Qwen/Qwen3.5')
    ? tolerance.hooks
    : testDevice === 'cpu'
      ? tolerance.hooksQwen35
      : tolerance.hooksQwen35OnDevice
  const long = golden.forward[2].ids as number[]
  let loading: Promise<OnnxModel> | null = null
  const open = () => {
    loading ??= loadModel({
      model: name,
      device: testDevice,
      batchSize: 8,
      hub: { env: { HF_HOME: hfHomeOf(name), HF_HUB_OFFLINE: '1' } },
    }).then((model) => {
      opened.push(model)
      return model
    })
    return loading
  }

  it('has the tokens of transformers', async () => {
    const { tokenizer } = await open()
    for (const item of golden.tokenizer) {
      expect(tokenizer.encode(item.text)).toEqual(item.ids)
      expect(tokenizer.encode(item.text, { addSpecialTokens: false })).toEqual(item.ids_no_special)
      expect(tokenizer.decode(item.ids)).toBe(item.decode)
      expect(tokenizer.decode(item.ids, { skipSpecialTokens: true })).toBe(item.decode_skip_special)
    }
  })

  it('gives every token the log-probability of transformers, whatever the batch', slow, async () => {
    const model = await open()
    const rows = golden.forward.map((run: { ids: number[] }) => ({
      ids: run.ids,
      predictions: run.ids.slice(1).map((token, position) => ({ position, token })),
    }))
    const together = await model.scoreTokens(rows)
    for (const [index, run] of golden.forward.entries()) {
      const { logprobs, greedy } = together[index]!
      report('log-probabilities', difference(logprobs, run.next_token_log_prob))
      expect(difference(logprobs, run.next_token_log_prob)).toBeLessThanOrEqual(close)
      expect(greedy).toEqual(run.ids.slice(1).map((token: number, position: number) => token === run.argmax[position]))
      const [alone] = await model.scoreTokens([rows[index]])
      expect(difference(alone!.logprobs, logprobs)).toBeLessThanOrEqual(1e-4)
      const [logits] = await model.lastLogits(run.ids, [[]])
      report('allowed', close)
      report('logits', difference(logits!, tensors.get(`forward.${index}.last_logits`)!))
      expect(difference(logits!, tensors.get(`forward.${index}.last_logits`)!)).toBeLessThanOrEqual(close)
    }
  })

  it('has the activations of transformers at every hook point', async () => {
    const model = await open()
    // the tensor that the MLP reads has no name of its own in the goldens' field
    const named = (hook: string) => hook.replace('mlp_in_normalized', 'mlp.hook_in')
    const hooks = [...tensors.keys()].filter((key) => key.startsWith('hooks.')).map((key) => key.slice('hooks.'.length))
    expect(hooks.length).toBeGreaterThan(golden.hooks.n_layers)
    const captured = await model.captureActivations(long, hooks.map(named))
    for (const hook of hooks) {
      const expected = tensors.get(`hooks.${hook}`)!
      const largest = expected.reduce((maximum, value) => Math.max(maximum, Math.abs(value)), 0)
      const relative = difference(captured.get(named(hook))!.data, expected) / largest
      expect(relative, hook).toBeLessThanOrEqual(closeHooks)
      report('hook points', relative)
    }
  })

  it('can be cut and steered at every hook point', async () => {
    const model = await open()
    const hookPoints = model.hookPoints.filter((point) => /^(hook_embed|blocks\.[01]\..*)$/.test(point))
    const captured = await model.captureActivations(long, hookPoints)
    const seen = new Map<string, Float32Array>()
    const look = ({ hookPoint, data }: { hookPoint: string; data: Float32Array }) =>
      void seen.set(hookPoint, data.slice())
    const { logits } = await model.runWithHooks(
      long,
      Object.fromEntries(hookPoints.map((hookPoint) => [hookPoint, look])),
    )
    expect(difference(logits.at(-1)!, tensors.get('forward.2.last_logits')!)).toBeLessThanOrEqual(close)
    for (const hookPoint of hookPoints) {
      const { data } = captured.get(hookPoint)!
      const largest = data.reduce((maximum, value) => Math.max(maximum, Math.abs(value)), 0)
      expect(difference(seen.get(hookPoint)!, data) / largest, hookPoint).toBeLessThanOrEqual(closeHooks)
    }
    const before = golden.hooks.parallel_residual ? 'hook_resid_pre' : 'hook_resid_mid'
    expect(captured.get('blocks.0.hook_mlp_in')).toEqual({
      ...captured.get(`blocks.0.${before}`),
      hookPoint: 'blocks.0.hook_mlp_in',
    })
    // edits in the graph do what callbacks between graphs do, and each of them does something
    const edited = hookPoints.filter((point) => !point.startsWith('blocks.0.'))
    const vectors = new Map(
      edited.map((hookPoint) => {
        const width = captured.get(hookPoint)!.dims[1]
        return [hookPoint, Float32Array.from({ length: width }, (_, i) => Math.sin(i + 1))]
      }),
    )
    const edits = edited.map((hookPoint): Intervention => ({ hookPoint, stages: [addStage(vectors.get(hookPoint)!)] }))
    const [together, ...each] = await model.lastLogits(long, [edits, ...edits.map((edit) => [edit])])
    const { logits: hooked } = await model.runWithHooks(
      long,
      Object.fromEntries(
        edited.map((hookPoint) => {
          const vector = vectors.get(hookPoint)!
          return [hookPoint, ({ data }: { data: Float32Array }) => data.map((x, i) => x + vector[i % vector.length]!)]
        }),
      ),
    )
    expect(difference(together!, hooked.at(-1)!)).toBeLessThanOrEqual(close)
    for (const [index, logits] of each.entries())
      expect(difference(logits, tensors.get('forward.2.last_logits')!), edited[index]).toBeGreaterThan(10 * close)
  })

  it('says why a hook point of other models is not there', async () => {
    const model = await open()
    const capture = (hookPoint: string) => model.captureActivations(long, [hookPoint])
    if (golden.hooks.parallel_residual) await expect(capture('blocks.0.hook_resid_mid')).rejects.toThrow(/side by side/)
    if (!model.hookPoints.includes('blocks.0.mlp.hook_post'))
      await expect(capture('blocks.0.mlp.hook_post')).rejects.toThrow(/mixture of experts/)
    await expect(capture('blocks.0.hook_other')).rejects.toThrow(/it has hook_embed/)
  })

  const modes = Object.entries(golden.steered.modes) as [string, { hook: string }][]
  const intervention = (mode: string, hookPoint: string): Intervention[] => {
    const unit = tensors.get('steered.d_hat')!
    if (mode === 'clamp') {
      const bias = -tensors.get('steered.b')!.reduce((sum, value, i) => sum + value * unit[i]!, 0)
      const slot = { latent: 0, encoder: unit, bias, threshold: Number.NEGATIVE_INFINITY, decoder: unit }
      const update = { slot: 0, gates: [], alpha: -1, beta: golden.steered.clamp_a, positions: null }
      const reader = { readFrom: null, normalization: 'none', scalesOutput: false, whole: null, slots: [slot] } as const
      const stage = { addend: null, adds: [], readers: [reader], phases: [[update]], saeReplacement: null }
      return [{ hookPoint, stages: [{ ...stage, gatesRead: 'clean' }] }]
    }
    const vector = tensors.get(mode === 'hook_z' ? 'steered.v_z' : 'steered.v')!
    return [{ hookPoint, stages: [addStage(vector.map((value) => value * golden.steered.coefficient))] }]
  }

  it.each(modes)('is steered as transformers with a hook: %s', async (mode, { hook }) => {
    const model = await open()
    const edits = intervention(mode, hook)
    // in one batch with the unsteered model: rows must not touch each other
    const [plain, steered] = await model.lastLogits(long, [[], edits])
    report('steered logits', difference(steered!, tensors.get(`steered.${mode}.last_logits`)!))
    expect(difference(steered!, tensors.get(`steered.${mode}.last_logits`)!)).toBeLessThanOrEqual(close)
    expect(difference(plain!, tensors.get('forward.2.last_logits')!)).toBeLessThanOrEqual(close)
  })

  it('writes what transformers writes, steered and not', slow, async () => {
    const model = await open()
    const add = intervention('resid_post', `blocks.${golden.generate.steered_layer}.hook_resid_post`)
    for (const [view, key] of [
      [model, 'unsteered'],
      [model.steer(add), 'steered'],
    ] as const) {
      const requests = golden.generate.prompts.map(({ text }: { text: string }) => ({
        context: text,
        until: [],
        maxGenToks: golden.generate.max_new_tokens,
        doSample: false,
        temperature: 0,
      }))
      const texts = await generateUntil(view, requests)
      const expected = golden.generate.prompts.map((prompt: Record<string, number[]>) =>
        model.tokenizer.decode(
          prompt[key]!.filter((id) => id !== golden.generate.eos_token_id),
          { skipSpecialTokens: true },
        ),
      )
      expect(texts).toEqual(expected)
    }
  })

  it('writes up to the last position, beside a row that writes on', async () => {
    const model = await open()
    const request = (context: string, maxGenToks: number) => {
      return { context, until: [], maxGenToks, doSample: false, temperature: 0 }
    }
    const requests = [request(golden.forward[3].text.repeat(4), 3), request(golden.forward[1].text, 9)]
    const alone = await Promise.all(requests.map(async (item) => (await generateUntil(model, [item]))[0]))
    expect(await generateUntil(model, requests)).toEqual(alone)
  })

  it('scores pairs and whole documents as lm_eval', async () => {
    const model = await open()
    const { pairs, rolling } = golden.loglikelihood
    const answers = await loglikelihood(model, pairs)
    for (const [index, pair] of pairs.entries()) {
      const tokens = pair.continuation_ids.length
      expect(Math.abs(answers[index]!.logprob - pair.ll)).toBeLessThanOrEqual(close * Math.max(1, Math.sqrt(tokens)))
      expect(answers[index]!.isGreedy).toBe(pair.is_greedy)
    }
    const documents = await loglikelihoodRolling(model, rolling)
    for (const [index, document] of rolling.entries()) {
      expect(Math.abs(documents[index]! - document.ll)).toBeLessThanOrEqual(close * Math.sqrt(document.text.length))
    }
  })

  it('lets JavaScript change activations', async () => {
    const model = await open()
    const { hook } = golden.steered.modes.resid_post
    const vector = tensors.get('steered.v')!
    const { logits } = await model.runWithHooks(long, {
      [hook]: ({ data, dims }) => {
        for (let i = 0; i < data.length; i++) data[i]! += golden.steered.coefficient * vector[i % dims.at(-1)!]!
      },
      'blocks.0.hook_mlp_out': () => {},
    })
    expect(difference(logits.at(-1)!, tensors.get('steered.resid_post.last_logits')!)).toBeLessThanOrEqual(close)
    const last = model.hookPoints.at(-1)!
    let seen: readonly number[] = []
    const { logits: same } = await model.runWithHooks(long, {
      [last]: ({ data, dims }) => {
        seen = dims
        return data.map((value) => value * 1)
      },
    })
    expect(seen[0]).toBe(long.length)
    expect(difference(same.at(-1)!, tensors.get('forward.2.last_logits')!)).toBeLessThanOrEqual(close)
    const { logits: none } = await model.runWithHooks(long, { [last]: ({ data }) => data.fill(0) })
    expect(difference(none.at(-1)!, same.at(-1)!)).toBeGreaterThan(0.1)
  })
})
