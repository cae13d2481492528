import { fileURLToPath } from 'node:url'
import { generateUntil, loglikelihood } from '@saeval/language-model'
import { addStage, type Intervention } from '@saeval/sae-core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Engine, EngineSession } from '../runtime/engine.js'
import { localChannel } from '../runtime/local-channel.js'
import { nodeEngine } from '../runtime/node-engine.js'
import { passShapes } from '../runtime/pass-shapes.js'
import { remoteRuntime } from '../runtime/remote-runtime.js'
import type { Runtime } from '../runtime/runtime.js'
import { largestPacked } from '../weights/residence.js'
import { loadModelPacked } from './load-model.js'
import type { OnnxModel } from './onnx-model.js'

const folder = fileURLToPath(new URL('../../../../examples/demo/model', import.meta.url))
const hookPoint = 'blocks.2.hook_resid_post'

let model: OnnxModel
let runtime: Runtime
let inEngine: () => number
/** Called before each run; throws where the run is to fail. */
let beforeRun: () => void

beforeEach(async () => {
  beforeRun = () => {}
  model = await loadModelPacked({ model: folder, device: 'cpu', batchSize: 1 }, largestPacked, (options) => {
    const channel = localChannel(failing(nodeEngine(options)))
    inEngine = () => channel.table.size
    runtime = remoteRuntime(channel, 'cpu', passShapes.cpu)
    return runtime
  })
})
afterEach(async () => {
  await model.close()
  expect(runtime.alive()).toBe(0)
})

function failing(engine: Engine): Engine {
  const session = ({ run, dispose }: EngineSession): EngineSession => ({
    run: (inputs, outputs) => {
      beforeRun()
      return run(inputs, outputs)
    },
    dispose,
  })
  return { ...engine, open: async (...args) => session(await engine.open(...args)) }
}

/** Fails from the run after the next `count` ones on. */
function failAfter(count: number, message = 'the device burns') {
  let left = count
  beforeRun = () => {
    if (left-- <= 0) throw new Error(message)
  }
}

/** Tensors alive on both sides when all that was asked for is done. */
async function alive(): Promise<number> {
  await runtime.memory()
  expect(inEngine()).toBe(runtime.alive())
  return runtime.alive()
}

const add = (scale: number): Intervention[] => {
  const vector = Float32Array.from({ length: model.widthOf(hookPoint) }, (_, i) => scale * Math.sin(i + 1))
  return [{ hookPoint, stages: [addStage(vector)] }]
}
/** An SAE of two latents that stands in the stream. */
const replaced = (key: string): Intervention[] => {
  const d = model.widthOf(hookPoint)
  const matrix = Float32Array.from({ length: 2 * d }, (_, i) => Math.cos(i))
  const numbers = { key, dSae: 2, encoder: matrix, bias: new Float32Array(2), threshold: new Float32Array(2) }
  const saeReplacement = {
    kind: 'fork',
    readFrom: null,
    normalization: 'none',
    scalesOutput: false,
    centres: false,
    encoder: { ...numbers, membership: { kind: 'all' } },
    decoder: { decoder: matrix, bias: new Float32Array(d), restoresMean: false },
    positions: null,
  } as const
  return [{ hookPoint, stages: [{ ...addStage(new Float32Array(d).fill(1)), saeReplacement }] }]
}
const requests = ['The dog', 'The dog sat down by the', 'A cat, a mouse and the'].flatMap((context) =>
  [' river', ' old house on the hill', ' end'].map((continuation) => ({ context, continuation })),
)
const prompts = ['The dog sat down by the', 'The dog sat', 'A cat'].map((context, index) => ({
  context,
  until: [],
  maxGenToks: 3 + 2 * index,
  doSample: false,
  temperature: 0,
}))

describe('tensors on the device', () => {
  it('are given back when requests are answered', async () => {
    for (const setting of [[], add(1), add(2)]) {
      await loglikelihood(model.steer(setting), requests)
      expect(await alive()).toBe(0)
      await generateUntil(model.steer(setting), prompts)
      expect(await alive()).toBe(0)
    }
    await model.lastLogits([1, 2, 3], [[], add(1)])
    await model.runWithHooks('The dog', { [hookPoint]: () => undefined })
    expect(await alive()).toBe(0)
  })

  it('are the matrices of the SAE that was used last', async () => {
    const of = (key: string) => loglikelihood(model.steer(replaced(key)), requests)
    await of('one')
    const one = await alive()
    expect(one).toBeGreaterThan(0)
    await Promise.all([of('one'), of('one')])
    expect(await alive()).toBe(one)
    await of('two')
    expect(await alive()).toBe(one)
    await Promise.all([of('one'), of('three')])
    expect(await alive()).toBe(2 * one)
    await loglikelihood(model, requests)
    expect(await alive()).toBe(2 * one)
    await of('four')
    expect(await alive()).toBe(one)
  })

  it('are what settings share, until their model is closed', async () => {
    const settings = [add(1), add(2)]
    const shared = model.shareBelow(settings)
    await loglikelihood(shared.steer(settings[0]!), requests)
    const kept = await alive()
    expect(kept).toBeGreaterThan(0)
    await loglikelihood(shared.steer(settings[1]!), requests)
    await loglikelihood(shared, requests)
    expect(await alive()).toBe(kept)
    await shared.close()
    expect(await alive()).toBe(0)
    await loglikelihood(shared, requests)
    expect(await alive()).toBe(kept)
    expect(await loglikelihood(model, requests)).toHaveLength(requests.length)
  })

  it.each([
    ['scoring', (signal: AbortSignal) => loglikelihood(model, requests, { signal })],
    [
      'scoring with shared layers',
      (signal: AbortSignal) => loglikelihood(model.shareBelow([add(1)]), requests, { signal }),
    ],
    ['generation', (signal: AbortSignal) => generateUntil(model, prompts, { signal })],
  ])('are given back where %s is broken off', async (_, ask) => {
    const broken = new AbortController()
    let runs = 0
    beforeRun = () => {
      if (++runs === 2) broken.abort(new Error('enough'))
    }
    await expect(ask(broken.signal)).rejects.toThrow('enough')
    expect(await alive()).toBe(0)
  })

  it.each([0, 1, 2, 3, 5])('are given back when run %d fails, which says why itself', async (count) => {
    for (const answer of [
      () => loglikelihood(model.steer(add(1)), requests),
      () => generateUntil(model.steer(add(1)), prompts),
      () => loglikelihood(model.shareBelow([add(1)]).steer(add(1)), requests),
    ]) {
      failAfter(count)
      await expect(answer()).rejects.toThrow(/^the device burns$/)
      expect(await alive()).toBe(0)
    }
    beforeRun = () => {}
    expect(await loglikelihood(model, requests)).toHaveLength(requests.length)
  })
})
