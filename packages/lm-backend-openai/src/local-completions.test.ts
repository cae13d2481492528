import { join } from 'node:path'
import { openFiles } from '@saeval/hub'
import {
  answerAll,
  generateUntil,
  loglikelihood,
  loglikelihoodRolling,
  type ModelArguments,
} from '@saeval/language-model'
import { openTokenizer } from '@saeval/tokenizer'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { demoFolder } from '../../../tests/fixtures.js'
import { type Behaviour, type FakeServer, fakeServer, json, logprobOf, properly } from './fake-server.testing.js'
import { openCompletions } from './local-completions.js'

const folder = join(demoFolder, 'model')
let server: FakeServer
let waits: number[]
let notices: string[]

beforeEach(async () => {
  server = await fakeServer()
  waits = []
  notices = []
  delete process.env.OPENAI_API_KEY
})
afterEach(async () => {
  await server.close()
  delete process.env.OPENAI_API_KEY
})

const context = (batchSize = '1', signal?: AbortSignal) => ({
  batchSize,
  device: null,
  notice: (line: unknown) => notices.push(String(line)),
  hub: signal ? { signal } : {},
})
const wait = async (seconds: number) => {
  waits.push(seconds)
}
const open = (args: ModelArguments = {}, batchSize = '1', signal?: AbortSignal) =>
  openCompletions({ model: 'm', base_url: server.url, tokenizer: folder, ...args }, context(batchSize, signal), {
    wait,
  })
const tokenizer = async () =>
  openTokenizer(await openFiles(folder, undefined, {}, ['tokenizer.json']), { modelType: '' })
const greedy = { until: ['|'], maxGenToks: 9, doSample: false, temperature: 0 }
const pair = [{ context: 'The dog ate', continuation: ' a bone' }]

/** What lm_eval takes: the sum over the continuation, and whether each token is the most likely one. */
const expected = (ids: readonly number[], from: number) => ({
  logprob: ids.slice(from).reduce((sum, id, at) => sum + logprobOf(ids[from + at - 1]!, id), 0),
  isGreedy: ids.slice(from).every((id, at) => id % 2 === 0 || logprobOf(ids[from + at - 1]!, id) > -0.01),
})

describe('local-completions', () => {
  it('scores continuations from the echo, as tokens, in any order of choices', async () => {
    const model = await open({ num_concurrent: 3 }, '2')
    const { encode } = await tokenizer()
    const plain = { addSpecialTokens: false }
    const pairs = ['The dog ate', 'The cat sat on ', 'A bird', 'Tom'].map((start) => ({
      context: start,
      continuation: ' a bone',
    }))
    const answers = await loglikelihood(model, pairs)
    const want = pairs.map(({ context: start, continuation }) =>
      expected(encode(start + continuation, plain), encode(start.trimEnd(), plain).length),
    )
    expect(answers.map(({ isGreedy }) => isGreedy)).toEqual(want.map(({ isGreedy }) => isGreedy))
    for (const [at, { logprob }] of answers.entries()) expect(logprob).toBeCloseTo(want[at]!.logprob, 10)
    expect(server.calls).toHaveLength(2)
    expect(server.calls[0]!.body).toMatchObject({
      model: 'm',
      temperature: 0,
      max_tokens: 1,
      logprobs: 1,
      echo: true,
      seed: 1234,
    })
  })

  it('puts the prefix token before an empty context, and cuts what is too long from the left', async () => {
    const model = await open({ custom_prefix_token_id: 5, max_length: 6 })
    const { encode } = await tokenizer()
    const ids = encode(' a bone', { addSpecialTokens: false })
    await loglikelihood(model, [{ context: '', continuation: ' a bone' }])
    expect(server.calls[0]!.body.prompt).toEqual([[5, ...ids]])
    await loglikelihood(model, [{ context: 'The dog ate the dog ate the dog ate', continuation: ' a bone' }])
    expect((server.calls[1]!.body.prompt as number[][])[0]).toHaveLength(5)
    expect(model.report?.()).toEqual({ truncatedRequests: 1 })
  })

  it('sums the windows of a document', async () => {
    const model = await open({ custom_prefix_token_id: 5, max_length: 6 })
    const { encode } = await tokenizer()
    const text = 'The dog ate a bone and the cat sat on the mat'
    const ids = encode(text, { addSpecialTokens: false })
    const [sum] = await loglikelihoodRolling(model, [{ text }])
    // every token once, after the one before it
    expect(sum).toBeCloseTo(
      ids.reduce((total, id, at) => total + logprobOf(at === 0 ? 5 : ids[at - 1]!, id), 0),
      10,
    )
    expect(server.calls.length).toBeGreaterThan(1)
  })

  it('sends texts where the tokenizer stays here', async () => {
    const model = await open({ tokenized_requests: false })
    await expect(loglikelihood(model, pair)).rejects.toThrow(
      /^the server counts \d+ tokens where the tokenizer here has \d+; give/,
    )
    expect(server.calls[0]!.body.prompt).toBe('The dog ate a bone')
    expect(await generateUntil(model, [{ ...greedy, context: 'abc' }])).toEqual(['3'])
  })

  it('writes texts with the settings of the task, and ends them at its stops', async () => {
    const model = await open({ eos_string: '<end>' }, '2')
    const asked = [
      { ...greedy, context: 'The dog' },
      { ...greedy, context: 'The cat', temperature: 0.5, doSample: true, settings: { top_p: 0.9, top_k: null } },
      { ...greedy, context: 'The dog ate' },
    ]
    const texts = await generateUntil(model, asked as never)
    expect(texts.every((text) => /^\d+$/.test(text))).toBe(true)
    // equal settings go together
    expect(server.calls.map(({ body }) => (body.prompt as unknown[]).length).sort()).toEqual([1, 2])
    const warm = server.calls.find(({ body }) => body.temperature === 0.5)!.body
    expect(warm).toMatchObject({ top_p: 0.9, max_tokens: 9, stop: ['|', '<end>'], seed: 1234 })
    expect(warm).not.toHaveProperty('top_k')
  })

  it('asks as many at once as it may', async () => {
    const model = await open({ num_concurrent: 4 })
    server.next.push(...Array.from({ length: 12 }, () => slowly(20)))
    await generateUntil(
      model,
      Array.from({ length: 12 }, (_, at) => ({ ...greedy, context: `The dog ${at}` })),
    )
    expect(server.most()).toBe(4)
  })

  it('has no log-likelihoods without a tokenizer, and writes all the same', async () => {
    const model = await openCompletions({ model: 'm', base_url: server.url, tokenizer_backend: null }, context(), {
      wait,
    })
    await expect(loglikelihood(model, pair)).rejects.toThrow('log-likelihoods need a tokenizer')
    expect(await generateUntil(model, [{ ...greedy, context: 'abcd' }])).toEqual(['4'])
  })

  it('is another model with another server, name, tokenizer or argument', async () => {
    const prints = new Set<string>()
    for (const args of [
      {},
      { model: 'n' },
      { seed: 5 },
      { base_url: `${server.url}x` },
      { max_length: 99 },
      { tokenizer_backend: null },
    ])
      prints.add(await (await open(args)).fingerprint!())
    expect(prints.size).toBe(6)
    expect(prints).toContain(await (await open({ num_concurrent: 8, max_retries: 9, timeout: 5 })).fingerprint!())
  })
})

const slowly =
  (milliseconds: number): Behaviour =>
  async (call, response) => {
    await new Promise((resolve) => setTimeout(resolve, milliseconds))
    await properly(call, response)
  }

describe('a server that misbehaves', () => {
  it('is asked again after what passes, as long as it asks for', async () => {
    server.next.push(
      (_, response) => json(response, { error: { message: 'too many' } }, 429, { 'retry-after': '7' }),
      (_, response) => json(response, {}, 500),
      (_, response) => {
        response.destroy()
      },
      (_, response) => {
        response.end('{"choices": [{"index": 0, "te')
      },
      (_, response) => {
        response.writeHead(200, { 'content-length': '500' }).write('{"choices"')
        setImmediate(() => response.destroy())
      },
    )
    const model = await open({ max_retries: 6 })
    expect(await generateUntil(model, [{ ...greedy, context: 'The dog' }])).toHaveLength(1)
    // tenacity's 0.5 * 2^n, from 1 to 10 seconds
    expect(waits).toEqual([7, 1, 2, 4, 8])
  })

  it.each([
    [
      (_: unknown, r: never) => json(r, { error: { message: 'out of memory' } }, 503),
      /failed 2 times, the last time: 503 \(out of memory\)$/,
    ],
    [(_: unknown, r: { destroy(): void }) => r.destroy(), /failed 2 times, the last time: .*(hang up|ECONNRESET)/],
    [(_: unknown, r: { end(text: string): void }) => r.end('{"choices": ['), /the last time: its answer is not JSON$/],
  ])('is given up in one sentence: %#', async (behave, message) => {
    server.next.push(behave as never, behave as never)
    const model = await open({ max_retries: 2 })
    await expect(generateUntil(model, [{ ...greedy, context: 'The dog' }])).rejects.toThrow(message)
    expect(server.calls).toHaveLength(2)
  })

  it.each([
    [{ choices: [] }, 'the answer has 0 choices for 1 prompts'],
    [{ choices: [{ index: 0 }, { index: 1 }] }, 'the answer has 2 choices for 1 prompts'],
    [{ choices: [{ index: 3 }] }, 'have no index, or not one for each prompt'],
    [{ other: 1 }, 'the answer has no choices'],
    [{ choices: [{ index: 0, text: '' }] }, 'the answer has no log-probabilities; the server must support echo'],
    [
      { choices: [{ index: 0, logprobs: { token_logprobs: [null, -1], top_logprobs: [null, {}] } }] },
      'the server counts 1 tokens',
    ],
  ])('that gives something else is told so: %#', async (answer, message) => {
    server.next.push((_, response) => json(response, answer))
    await expect(loglikelihood(await open(), pair)).rejects.toThrow(message)
  })

  it('that leaves out one log-probability is told so', async () => {
    server.next.push(({ body }, response) => {
      const ids = (body.prompt as number[][])[0]!
      const each = [...ids, 1].map((_, at) => (at === ids.length - 1 ? null : -1))
      json(response, {
        choices: [{ index: 0, logprobs: { token_logprobs: each, top_logprobs: each.map(() => ({ a: -1 })) } }],
      })
    })
    await expect(loglikelihood(await open(), pair)).rejects.toThrow(/no log-probability of token \d+$/)
  })

  it('that is too slow is asked again', async () => {
    server.next.push(slowly(3000))
    const model = await open({ timeout: 0.05, max_retries: 1 })
    await expect(generateUntil(model, [{ ...greedy, context: 'The dog' }])).rejects.toThrow(
      'no whole answer within 0.05 s',
    )
  })

  it.each(['run', 'requests'])('is left at once when the %s is stopped', async (which) => {
    const controller = new AbortController()
    server.next.push(() => controller.abort(new Error('stopped')))
    const model = await open({ num_concurrent: 2 }, '1', which === 'run' ? controller.signal : undefined)
    const requests = [1, 2, 3].map((at) => ({ type: 'generate_until' as const, ...greedy, context: `The dog ${at}` }))
    const asked = answerAll(model, requests, which === 'run' ? {} : { signal: controller.signal })
    await expect(asked).rejects.toThrow('stopped')
    expect(waits).toEqual([])
  })

  it('gets the key, and shows it in no message', async () => {
    process.env.OPENAI_API_KEY = 'sk-very-secret'
    server.next.push(
      (_, response) => json(response, { error: { message: 'bad key sk-very-secret' } }, 401),
      (_, response) => json(response, { error: { message: 'nothing for sk-very-secret' } }, 400),
    )
    const model = await open({ base_url: server.url.replace('http://', 'http://me:pass-word@') })
    const ask = () => generateUntil(model, [{ ...greedy, context: 'The dog' }])
    await expect(ask()).rejects.toThrow(
      /^the server at http:\/\/127[^@]*\/v1\/completions refuses the key \(401\); set OPENAI_API_KEY$/,
    )
    await expect(ask()).rejects.toThrow(/refuses the request: 400 \(nothing for \*\*\*\)$/)
    expect(server.calls[0]!.headers.authorization).toBe('Bearer sk-very-secret')
    expect(JSON.stringify(model.info)).not.toMatch(/secret|pass-word/)
    await ask()
    const own = await open({ header: { 'api-key': 'other-secret' } })
    await generateUntil(own, [{ ...greedy, context: 'The dog' }])
    expect(server.calls.at(-1)!.headers).toMatchObject({ 'api-key': 'other-secret' })
    expect(server.calls.at(-1)!.headers.authorization).toBeUndefined()
  })
})
