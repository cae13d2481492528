import { join } from 'node:path'
import { answerAll, type ModelRequest } from '@saeval/language-model'
import { loadModel, type OnnxModel } from '@saeval/lm-backend-onnx'
import type { Intervention } from '@saeval/sae-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { demoFolder } from '../../../../tests/fixtures.js'
import { severalDevices } from './several-devices.js'

/** So that a test's requests are many parts. */
const small = { tokens: 100, texts: 3 }
let alone: OnnxModel
let models: OnnxModel[]
let both: OnnxModel
beforeAll(async () => {
  // two models on the CPU stand for those of two GPUs
  const load = () => loadModel({ model: join(demoFolder, 'model'), device: 'cpu', threads: 1 })
  models = await Promise.all([load(), load()])
  alone = await load()
  both = severalDevices(models, small)
})
afterAll(async () => {
  await Promise.all([both.close(), alone.close()])
})

const words = ['dog', 'cat', 'horse', 'owl', 'fish', 'baker', 'beagle', 'mare']
const text = (seed: number, length: number) =>
  Array.from({ length }, (_, at) => words[(seed * (at + 3) + at * at) % words.length]).join(' ')
const generation = { type: 'generate_until', until: ['\n'], maxGenToks: 4, temperature: 0.7 } as const
const requests: ModelRequest[] = Array.from({ length: 36 }, (_, index): ModelRequest[] => [
  { type: 'loglikelihood', context: `${text(index % 3, 30)} ${text(index, 8)}`, continuation: ` ${words[index % 8]}` },
  ...(index % 3 === 0 ? [{ type: 'loglikelihood_rolling' as const, text: text(index, 30) }] : []),
  ...(index % 3 === 1
    ? [{ ...generation, context: `Question: What does the ${text(index, 2)} eat?\nAnswer:`, doSample: index % 2 === 0 }]
    : []),
]).flat()

/** Adds to the stream everywhere and, where a gate is open, at a latent. */
function edits(): Intervention[] {
  const hookPoint = 'blocks.2.hook_resid_post'
  const addend = new Float32Array(alone.widthOf(hookPoint)).fill(0.01)
  return [
    { hookPoint, stages: [{ addend, adds: [], readers: [], phases: [], gatesRead: 'clean', saeReplacement: null }] },
  ]
}

/** The same up to what float32 rounds when passes are others. */
function expectSame(actual: readonly unknown[], expected: readonly unknown[]): void {
  expect(actual).toHaveLength(expected.length)
  actual.forEach((answer, index) => {
    const other = expected[index]
    if (typeof answer === 'number') expect(Math.abs(answer - (other as number))).toBeLessThan(1e-3)
    else if (typeof answer === 'string') expect(answer).toBe(other)
    else {
      const [a, b] = [answer, other] as { logprob: number; isGreedy: boolean }[]
      expect(Math.abs(a!.logprob - b!.logprob)).toBeLessThan(1e-4)
      expect(a!.isGreedy).toBe(b!.isGreedy)
    }
  })
}

describe('a model on two devices', () => {
  it.each([
    ['steered', (model: OnnxModel) => model.steer(edits())],
    ['with layers shared', (model: OnnxModel) => model.shareBelow([edits()]).steer(edits())],
  ])('answers as on one, %s, and counts the same', async (_, viewOf) => {
    const [one, two] = [viewOf(alone), viewOf(both)]
    expectSame(await answerAll(two, requests), await answerAll(one, requests))
    const [counted, expected] = [two.report(), one.report()]
    expect(counted.tokens!.requested).toBe(expected.tokens!.requested)
    expect(counted.truncatedRequests).toBe(expected.truncatedRequests)
    // what parts share is computed by both
    expect(counted.tokens!.computed).toBeGreaterThanOrEqual(expected.tokens!.computed)
    expect(counted.tokens!.computed).toBeLessThan(1.5 * expected.tokens!.computed)
  })

  it('uses both, and tells progress of the whole', async () => {
    const view = both.steer([])
    const done: number[] = []
    const works: { done: number; total: number }[] = []
    const own = requests.filter(({ type }) => type === 'loglikelihood')
    await answerAll(view, own, { onProgress: (count) => done.push(count), onWork: (work) => works.push(work) })
    expect(done.at(-1)).toBe(own.length)
    expect(done).toEqual([...done].sort((a, b) => a - b))
    expect(works.at(-1)!.done).toBeGreaterThanOrEqual((await view.read(own)).planned!([...own.keys()]).work)
    for (const { done, total } of works) expect(done).toBeLessThanOrEqual(total)
  })

  it('answers some of a list, in their order', async () => {
    const own = requests.filter(({ type }) => type === 'loglikelihood_rolling')
    const indices = [10, 3, 7, 5]
    const [actual, expected] = await Promise.all(
      [both, alone].map(async (model) => (await model.read(own)).answer(indices)),
    )
    expectSame(actual!, expected!)
    expect(await (await both.read([])).answer([])).toEqual([])
  })

  it('is stopped, and stops all devices where one fails', async () => {
    const stop = new AbortController()
    const own = requests.filter(({ type }) => type === 'loglikelihood')
    const stopped = answerAll(both, own, { signal: stop.signal, onProgress: () => stop.abort() })
    await expect(stopped).rejects.toThrow('abort')

    const reads: string[] = []
    const failing = severalDevices(
      [
        models[0]!,
        {
          ...models[1]!,
          steer: (interventions) => ({
            ...models[1]!.steer(interventions),
            read: async () => ({
              answer: async () => {
                reads.push('asked')
                throw new Error('the second device has burnt')
              },
            }),
          }),
        },
      ],
      small,
    )
    await expect(answerAll(failing, own)).rejects.toThrow('the second device has burnt')
    expect(reads).toEqual(['asked'])
    // the first one lives on
    expectSame(await answerAll(both, own.slice(0, 3)), await answerAll(alone, own.slice(0, 3)))
  })
})
