import type { KindProgress, PreparedTask } from '@saeval/eval-harness'
import type { LanguageModel } from '@saeval/language-model'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { expectedTime } from './expected-time.js'

const tokens = 100
const requests = Array.from({ length: 8 }, (_, at) => ({ type: 'loglikelihood', context: `${at}`, continuation: 'a' }))
const asked = requests.map((request, docId) => ({ docId, requests: [request] }))
const task = { task: { config: { file: 'task.yaml', repeats: 1 } }, asked } as unknown as PreparedTask
const work = { done: 0, total: 1000 * tokens }
const kinds: readonly KindProgress[] = [
  { kind: 'loglikelihood', requests: { done: 0, total: 1000 }, work, planned: null },
]

/** A model of which a pass is one request and takes so many seconds. */
const model = (seconds: number) =>
  ({
    info: {},
    read: async () => ({
      planned: (indices: readonly number[]) => ({ work: indices.length * tokens }),
      answer: async (indices: readonly number[], { signal, onWork }: Parameters<Answer>[1]) => {
        for (const at of indices.keys()) {
          signal!.throwIfAborted()
          await new Promise((resolve, reject) => {
            setTimeout(resolve, 1000 * seconds)
            signal!.addEventListener('abort', () => reject(signal!.reason))
          })
          onWork!({ done: (at + 1) * tokens, total: indices.length * tokens })
        }
        return indices.map(() => ({ logprob: 0, isGreedy: true }))
      },
    }),
  }) as unknown as LanguageModel
type Answer = (indices: readonly number[], options: { signal?: AbortSignal; onWork?: (work: object) => void }) => void

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const expected = async (seconds: number) => {
  const time = expectedTime(model(seconds), [task], kinds)
  await vi.advanceTimersByTimeAsync(700_000)
  return time
}

it.each([
  ['ends after a few seconds', 1.1, 'of 300 tokens here'],
  ['goes on until a pass of a slow model has ended', 30, 'of 100 tokens here'],
])('a try %s', async (_, seconds, how) => {
  const time = await expected(seconds)
  expect(time!.how).toContain(how)
  expect(time!.seconds).toBeCloseTo(1000 * seconds)
})

it('says nothing of a model of which no pass ends within ten minutes', async () => {
  expect(await expected(650)).toBe(null)
})
