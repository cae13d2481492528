import { fileURLToPath } from 'node:url'
import { generateUntil, loglikelihood } from '@saeval/language-model'
import { addStage, type Intervention } from '@saeval/sae-core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { bodyNames } from '../graph/body-inputs.js'
import type { Engine } from '../runtime/engine.js'
import { localChannel } from '../runtime/local-channel.js'
import { nodeEngine } from '../runtime/node-engine.js'
import { OutOfMemory } from '../runtime/out-of-memory.js'
import { passShapes } from '../runtime/pass-shapes.js'
import { remoteRuntime } from '../runtime/remote-runtime.js'
import type { Runtime } from '../runtime/runtime.js'
import { largestPacked } from '../weights/residence.js'
import { loadModelPacked } from './load-model.js'
import type { OnnxModel } from './onnx-model.js'

const folder = fileURLToPath(new URL('../../../../examples/demo/model', import.meta.url))
const hookPoint = 'blocks.2.hook_resid_post'
const requests = ['The dog', 'The dog sat down by the', 'A cat, a mouse and the'].flatMap((context) =>
  [' river', ' old house on the hill', ' end of a day'].map((continuation) => ({ context, continuation })),
)

let model: OnnxModel
let runtime: Runtime
let notices: unknown[]
/** Tokens of a pass for which there is memory. */
let room: number
/** Tokens of the passes that ran. */
let passes: number[]

beforeEach(async () => {
  room = Number.POSITIVE_INFINITY
  notices = []
  passes = []
  const options = { model: folder, device: 'cpu', notice: (line: unknown) => notices.push(line) }
  model = await loadModelPacked(options, largestPacked, (options) => {
    runtime = remoteRuntime(localChannel(small(nodeEngine(options))), 'cuda:0', passShapes.cpu)
    return runtime
  })
})
afterEach(async () => {
  await model.close()
  expect(runtime.alive()).toBe(0)
})

/** An engine that has no memory for passes of more than `room` tokens. */
function small(engine: Engine): Engine {
  return {
    ...engine,
    open: async (...args) => {
      const session = await engine.open(...args)
      return {
        ...session,
        run: (inputs, outputs) => {
          const tokens = inputs[bodyNames.tokens]?.dims.reduce((product, size) => product * size, 1) ?? 0
          if (tokens > room) throw new OutOfMemory('Failed to allocate memory for requested buffer of size 1')
          if (tokens > 0) passes.push(tokens)
          return session.run(inputs, outputs)
        },
      }
    },
  }
}

const add = (scale: number): Intervention[] => {
  const vector = Float32Array.from({ length: model.widthOf(hookPoint) }, (_, i) => scale * Math.sin(i + 1))
  return [{ hookPoint, stages: [addStage(vector)] }]
}

describe('a device without memory for a pass', () => {
  it.each([
    ['alone', (model: OnnxModel) => model],
    ['with shared layers', (model: OnnxModel) => model.shareBelow([add(1)])],
  ])('scores in smaller passes, and says so once: %s', async (_, open) => {
    const expected = await loglikelihood(model.steer(add(1)), requests)
    const whole = Math.max(...passes)
    room = Math.floor(whole / 3)
    passes = []
    const view = open(model)
    const done: number[] = []
    for (const [round, setting] of [add(1), add(1)].entries()) {
      const found = await loglikelihood(view.steer(setting), requests, { onProgress: (count) => done.push(count) })
      for (const [index, { logprob, isGreedy }] of found.entries()) {
        expect(Math.abs(logprob - expected[index]!.logprob)).toBeLessThan(1e-4)
        expect(isGreedy).toBe(expected[index]!.isGreedy)
      }
      expect(done).toEqual(requests.map((_, index) => index + 1))
      done.length = 0
      // later passes are of the size that was found, none is tried in vain
      if (round === 1) expect(notices).toHaveLength(1)
    }
    expect(Math.max(...passes)).toBeLessThanOrEqual(room)
    expect(notices).toEqual([
      `cuda:0 has no memory for a pass of ${whole} tokens; from here on passes have at most ${Math.floor(whole / 2)}`,
    ])
  })

  it('writes texts anew, fewer side by side', async () => {
    const prompts = requests.map(({ context }, index) => ({
      context,
      until: [],
      maxGenToks: 3 + index,
      doSample: index % 2 === 1,
      temperature: 0.7,
    }))
    const expected = await generateUntil(model, prompts)
    room = 2
    passes = []
    const work: number[] = []
    const onWork = ({ done, total }: { done: number; total: number }) => work.push(done / total)
    expect(await generateUntil(model, prompts, { onWork })).toEqual(expected)
    expect(Math.max(...passes)).toBeLessThanOrEqual(room)
    expect(notices.filter((line) => String(line).includes('no memory'))).toEqual([
      'cuda:0 has no memory to write 5 texts side by side; from here on it writes at most 2',
    ])
    expect(work.at(-1)).toBe(1)
  })

  it('ends where there is room for none', async () => {
    room = 0
    await expect(loglikelihood(model, requests)).rejects.toThrow(
      /^cuda:0 has no memory for a pass of 1 tokens beside the weights: end other programs on it, .* \(Failed to allocate/,
    )
    room = Number.POSITIVE_INFINITY
    expect(await loglikelihood(model, requests)).toHaveLength(requests.length)
  })
})
