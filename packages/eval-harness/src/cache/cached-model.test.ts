import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import {
  answerAll,
  type GenerateUntilRequest,
  generateUntil,
  type LanguageModel,
  type LoglikelihoodRequest,
  loglikelihood,
  loglikelihoodRolling,
  type ModelInfo,
  type ModelRequest,
  readLists,
} from '@saeval/language-model'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../../tests/fixtures.js'
import { cachedModel } from './cached-model.js'
import { openStore, type Store } from './store.js'

/** A model that counts what it is asked. */
function counting(fingerprint: string | null) {
  const asked: string[] = []
  const model: LanguageModel = {
    info: { provenance: {} } as unknown as ModelInfo,
    chatTemplate: null,
    ...(fingerprint === null ? {} : { fingerprint: async () => fingerprint }),
    read: readLists({
      loglikelihood: async (requests) =>
        requests.map(({ context, continuation }) => {
          asked.push(context + continuation)
          return { logprob: -continuation.length / 3, isGreedy: context === '' }
        }),
      loglikelihood_rolling: async (requests) =>
        requests.map(({ text }) => {
          asked.push(text)
          return -text.length
        }),
      generate_until: async (requests) =>
        requests.map(({ context, draw }) => {
          asked.push(context)
          return `${context} ${draw}`
        }),
    }),
    close: async () => {},
  }
  return { asked, model }
}

const pairs = (count: number): LoglikelihoodRequest[] =>
  Array.from({ length: count }, (_, index) => ({
    type: 'loglikelihood',
    context: `c${index}`,
    continuation: 'x'.repeat(index),
  }))
const text = (context: string, doSample: boolean): GenerateUntilRequest => ({
  type: 'generate_until',
  context,
  until: ['\n'],
  maxGenToks: 4,
  doSample,
  temperature: doSample ? 1 : 0,
})

describe('a model with a cache', () => {
  it('plans only what it has not answered', async () => {
    const store = openStore(temporaryFolder(), 'cache')
    const { model } = counting('a')
    const cached = await cachedModel(model, store)
    await loglikelihood(cached, pairs(200))
    const { answer, planned } = await cached.read(pairs(500))
    const places = [...pairs(500).keys()]
    expect(planned!(places)).toMatchObject({ requests: 300, work: 300 })
    const work: { done: number; total: number }[] = []
    await answer(places, { onWork: (step) => work.push(step) })
    // of a model that does not tell how far it is, the end of each part does
    expect(work.map(({ done, total }) => [done, total])).toEqual([
      [128, 300],
      [256, 300],
      [300, 300],
    ])
    await store.close()
  })

  it('is asked only what it has not answered, and gives the same answers', async () => {
    const folder = temporaryFolder()
    const plain = await loglikelihood(counting('a').model, pairs(300))
    for (const [count, fresh] of [
      [200, 200],
      [300, 100],
      [300, 0],
    ] as const) {
      const { asked, model } = counting('a')
      const store = openStore(folder, 'useCache')
      const seen: number[] = []
      const cached = await cachedModel(model, store)
      const answers = await loglikelihood(cached, pairs(count), { onProgress: (done) => seen.push(done) })
      await store.close()
      expect(answers).toEqual(plain.slice(0, count))
      expect(asked.length).toBe(fresh)
      expect(seen.at(-1)).toBe(count)
    }
  })

  it('reports a run in parts as an unbroken one', async () => {
    /** Counts a token for each character of a part, a common beginning once, and one of two rows where a request is long. */
    const counts = (store: Store | null) => {
      const { model } = counting('a')
      const tokens = { requested: 0, computed: 0 }
      let acted = 0
      const counter: LanguageModel = {
        ...model,
        report: (before) => {
          const actedTokens = [acted + (before?.acted[0] ?? 0), null]
          return { tokens: { ...tokens }, actedTokens, notes: [`acted at ${actedTokens[0]}`] }
        },
        read: async (requests) => {
          const { answer } = await model.read(requests)
          tokens.requested += 10 * requests.length
          const asking: typeof answer = async (indices, options) => {
            if (indices.length > 0) tokens.computed += 7 + 3 * indices.length
            for (const index of indices) if (index % 11 === 0) acted += 2
            if (requests[0]!.type === 'generate_until') tokens.requested += 5 * indices.length
            return answer(indices, options)
          }
          return { answer: asking }
        },
      }
      return store === null ? counter : cachedModel(counter, store)
    }
    const lists = (count: number) => [pairs(count), Array.from({ length: 50 }, (_, index) => text(`p${index}`, false))]
    /** Asks for as many pairs and 50 texts; again in the same process where it is said. */
    const run = async (folder: string, count: number, times = 1) => {
      const store = openStore(folder, 'useCache')
      const model = await counts(store)
      for (let time = 0; time < times; time++)
        for (const list of lists(count)) await answerAll<ModelRequest>(model, list)
      await store.close()
      const { keptAnswers, ...report } = model.report!()
      return { keptAnswers, report }
    }
    const unbroken = await run(temporaryFolder(), 300)
    expect(unbroken).toEqual({
      keptAnswers: 0,
      report: {
        tokens: { requested: 10 * 350 + 5 * 50, computed: 4 * 7 + 3 * 350 },
        actedTokens: [2 * (28 + 5), null],
        notes: ['acted at 66'],
      },
    })
    const folder = temporaryFolder()
    await run(folder, 128)
    expect(await run(folder, 300)).toEqual({ ...unbroken, keptAnswers: 178 })
    expect(await run(folder, 300)).toEqual({ ...unbroken, keptAnswers: 350 })
    // what is asked twice is computed once
    const twice = await run(folder, 300, 2)
    expect(twice.report.tokens).toEqual({ ...unbroken.report.tokens, requested: 2 * 3500 + 5 * 50 })
    // a part of what was asked together has its share
    const part = await run(folder, 64)
    expect(part.report.tokens!.computed).toBe(Math.floor((7 + 3 * 128) / 2) + 7 + 3 * 50)
  })

  it('keeps a text for its settings', async () => {
    const { asked, model } = counting('a')
    const store = openStore(temporaryFolder(), 'useCache')
    const cached = await cachedModel(model, store)
    const settings = { repetition_penalty: 1.1, top_k: 3 }
    for (const request of [
      text('c', false),
      { ...text('c', false), settings },
      { ...text('c', false), settings: { ...settings, repetition_penalty: 1.2 } },
      // the same ones
      { ...text('c', false), settings: {} },
      { ...text('c', false), settings: { top_k: 3, repetition_penalty: 1.1 } },
    ])
      await generateUntil(cached, [request])
    await store.close()
    expect(asked.length).toBe(3)
  })

  it('reads whole lists, kept answers included, and refuses them as a whole', async () => {
    const store = openStore(temporaryFolder(), 'useCache')
    const plain = counting('a').model
    const read: number[] = []
    const asked: (readonly number[])[] = []
    const cached = await cachedModel(
      {
        ...plain,
        read: async <Request extends ModelRequest>(requests: readonly Request[]) => {
          read.push(requests.length)
          const { answer } = await plain.read(requests)
          return {
            answer: async (indices: readonly number[]) => {
              asked.push(indices)
              if (requests.length < 3) throw new Error('too few')
              return answer(indices)
            },
          }
        },
      },
      store,
    )
    const requests = pairs(5)
    const { answer } = await cached.read(requests)
    const expected = await loglikelihood(plain, requests)
    expect(await answer([3, 1])).toEqual([expected[3], expected[1]])
    expect(await loglikelihood(cached, requests)).toEqual(expected)
    expect(await loglikelihood(cached, requests)).toEqual(expected)
    expect(read).toEqual([5, 5, 5])
    expect(asked).toEqual([[3, 1], [0, 2, 4], []])
    expect(cached.report!().keptAnswers).toBe(7)
    await expect(loglikelihood(cached, pairs(2))).rejects.toThrow('too few')

    const windows = [{ text: 'a' }, { text: 'bb' }, { text: 'a' }]
    expect(await loglikelihoodRolling(cached, windows)).toEqual([-1, -2, -1])
    expect(await generateUntil(cached, [text('p', true), text('q', true), text('r', true)])).toEqual([
      'p 0',
      'q 1',
      'r 2',
    ])
    expect(asked.slice(-2)).toEqual([
      [0, 1],
      [0, 1, 2],
    ])
    await store.close()
  })

  it('is asked anew when it is another model', async () => {
    const store = openStore(temporaryFolder(), 'useCache')
    for (const fingerprint of ['a', 'b']) {
      const { asked, model } = counting(fingerprint)
      await loglikelihoodRolling(await cachedModel(model, store), [{ text: 't' }, { text: 't' }])
      expect(asked).toEqual(['t'])
    }
    await expect(cachedModel(counting(null).model, store)).rejects.toThrow(/does not tell what identifies it/)
    await store.close()
  })

  it('keeps sampled texts by their draw and seed', async () => {
    const store = openStore(temporaryFolder(), 'useCache')
    const { asked, model } = counting('a')
    const cached = await cachedModel(model, store)
    const requests = [text('p', true), text('p', true), text('q', false), text('q', false)]
    expect(await generateUntil(cached, requests, { seed: 1 })).toEqual(['p 0', 'p 1', 'q 2', 'q 2'])
    expect(await generateUntil(cached, requests, { seed: 1 })).toEqual(['p 0', 'p 1', 'q 2', 'q 2'])
    expect(asked).toEqual(['p', 'p', 'q'])
    await generateUntil(cached, requests, { seed: 2 })
    expect(asked.length).toBe(5)
    await store.close()
  })

  it('goes on where a killed process stopped', async () => {
    const folder = temporaryFolder()
    const library = fileURLToPath(new URL('../../dist/index.js', import.meta.url))
    const contract = fileURLToPath(new URL('../../../language-model/dist/index.js', import.meta.url))
    const code = `
      import { cachedModel, openStore } from ${JSON.stringify(library)}
      import { loglikelihood, readLists } from ${JSON.stringify(contract)}
      const store = openStore(${JSON.stringify(folder)}, 'useCache')
      let answered = 0
      const model = {
        info: {},
        fingerprint: async () => 'a',
        read: readLists({ loglikelihood: async (requests) => {
          if (answered > 0) console.log(answered)
          answered += requests.length
          await new Promise((resolve) => setTimeout(resolve, 20))
          return requests.map(({ continuation }) => ({ logprob: -continuation.length / 3, isGreedy: false }))
        } }),
      }
      const cached = await cachedModel(model, store)
      await loglikelihood(cached, Array.from({ length: 100000 }, (_, index) => ({ context: 'c' + index, continuation: 'x'.repeat(index % 7) })))
    `
    const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] })
    const stored = await new Promise<number>((resolve) => {
      child.stdout.on('data', (chunk: Buffer) => {
        const counts = chunk.toString().trim().split('\n').map(Number)
        if (counts.at(-1)! < 500) return
        child.kill('SIGKILL')
        resolve(counts.at(-1)!)
      })
    })
    await new Promise((resolve) => child.on('exit', resolve))
    const { asked, model } = counting('a')
    const store = openStore(folder, 'useCache')
    const requests = Array.from({ length: stored }, (_, i) => ({ context: `c${i}`, continuation: 'x'.repeat(i % 7) }))
    const answers = await loglikelihood(await cachedModel(model, store), requests)
    await store.close()
    expect(asked).toEqual([])
    expect(answers.map(({ logprob }) => logprob)).toEqual(requests.map(({ continuation }) => -continuation.length / 3))
  })
})
