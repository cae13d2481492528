import { afterAll, beforeAll, expect, it } from 'vitest'
import { goldenWeights } from '../golden-models.testing.js'
import { cpuForm, cudaForm, type GraphOptions, vocabularyPart, webgpuForm } from '../graph/graph-form.js'
import { headNames } from '../graph/head-graph.js'
import type { Engine } from '../runtime/engine.js'
import { localChannel } from '../runtime/local-channel.js'
import { nodeEngine } from '../runtime/node-engine.js'
import { passShapes } from '../runtime/pass-shapes.js'
import { remoteRuntime } from '../runtime/remote-runtime.js'
import type { Runtime } from '../runtime/runtime.js'
import { createHead } from './head.js'
import { headRows } from './head-parts.js'

let options: GraphOptions
let runtime: Runtime
/** Hidden states of each run of the head. */
let runs: number[]

beforeAll(async () => {
  const { spec, weights } = await goldenWeights('google/gemma-2-2b')
  options = { spec, weights: { ...weights, residence: 'packed' }, form: cpuForm }
  const engine = watched(nodeEngine({ provider: { name: 'cpu' }, threads: 1 }))
  runtime = remoteRuntime(localChannel(engine), 'cpu', passShapes.cpu)
})
afterAll(() => runtime.close())

function watched(engine: Engine): Engine {
  return {
    ...engine,
    open: async (...args) => {
      const session = await engine.open(...args)
      return {
        ...session,
        run: (inputs, outputs) => {
          if (headNames.logprobs in outputs) runs.push(inputs[headNames.hidden]!.dims[0]!)
          return session.run(inputs, outputs)
        },
      }
    },
  }
}

function scored(mostRows: number) {
  const { dModel, vocabSize } = options.spec
  runs = []
  const states = [4, 3].map((rows, part) => {
    const data = Float32Array.from({ length: rows * dModel }, (_, at) => Math.sin(at + 7 * part))
    return { tensor: runtime.upload({ dtype: 'float32', data, dims: [rows, dModel] }), rows }
  })
  const open = (model: Uint8Array) => runtime.open(model, { folder: options.weights.folder, mapped: false })
  const head = createHead(options, runtime, open, mostRows)
  const hidden = states.map((state) => ({ ...state, ready: Promise.resolve(), dispose: state.tensor.dispose }))
  // not in the order of their rows, several of one, none of another
  const targets = [6, 0, 3, 3, 2, 5].map((row, at) => ({ row, token: (997 * at) % vocabSize }))
  const found = head.head(hidden, targets)
  for (const state of hidden) state.dispose()
  return found
}

it('takes hidden states in parts where that is all that there is room for', async () => {
  const whole = await scored(Number.POSITIVE_INFINITY)
  expect(runs).toEqual([7])
  const parts = await scored(3)
  expect(runs).toEqual([3, 3, 1])
  expect(parts.argmax).toEqual(whole.argmax)
  for (const [at, logprob] of whole.logprobs.entries()) expect(parts.logprobs[at]).toBeCloseTo(logprob, 5)
  expect(runtime.alive()).toBe(0)
})

it('knows how many those are from the room of activations, and from the largest tensor', () => {
  const spec = { ...options.spec, dModel: 2304, vocabSize: 256_000 }
  const room = { activations: 1e9, attention: 0, caches: 0, states: 0 }
  const rowBytes = 4 * vocabularyPart(spec, cudaForm)
  expect(headRows({ ...options, spec, form: cudaForm }, room)).toBe(Math.floor(1e9 / 5 / rowBytes))
  const large = { ...room, activations: 1e12 }
  expect(headRows({ ...options, spec, form: webgpuForm }, large)).toBe(Math.floor(2 ** 31 / rowBytes))
  expect(headRows({ ...options, spec, form: webgpuForm }, null)).toBe(Math.floor(2 ** 29 / 5 / rowBytes))
  expect(headRows({ ...options, spec }, room)).toBe(Number.POSITIVE_INFINITY)
})
