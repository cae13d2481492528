import { beforeEach, expect, it } from 'vitest'
import type { Engine, EngineTensor, TensorData } from './engine.js'
import { NoRoomForWeights, OutOfMemory } from './out-of-memory.js'
import { TensorTable } from './tensor-table.js'

const one: TensorData = { dtype: 'float32', data: Float32Array.of(1), dims: [1] }
const tensor: EngineTensor = { ...one, read: () => one, dispose: () => {} }
const file = { places: [], dtype: 'float32', dims: [1] } as const

/** What the engine has no room for at the moment, and what it was asked for. */
let full: Set<'open' | 'upload' | 'uploadFile'>
let asked: string[]
let table: TensorTable
beforeEach(() => {
  full = new Set()
  asked = []
  const make = <T>(what: 'open' | 'upload' | 'uploadFile', made: T): T => {
    asked.push(what)
    if (full.has(what)) throw new OutOfMemory('out of memory')
    return made
  }
  table = new TensorTable({
    open: async (_, { constants }) =>
      make('open', { run: async () => ({ y: { ...one, dims: [Object.keys(constants).length] } }), dispose: () => {} }),
    upload: () => make('upload', tensor),
    uploadFile: () => make('uploadFile', tensor),
  } as Partial<Engine> as Engine)
})

const answer = (request: object) => table.answer({ id: 0, ...request } as Parameters<TensorTable['answer']>[0])
const upload = () => answer({ kind: 'upload', tensor: 1, data: one })
const weight = () => answer({ kind: 'uploadFile', tensor: 2, file, dtype: 'float32' })
const open = () =>
  answer({ kind: 'open', session: 3, model: new Uint8Array(), folder: null, mapped: false, constants: { w: 2 } })
/** Requests are answered one after the other; what goes wrong shows later. */
async function asIsGoes(...requests: readonly (() => Promise<unknown>)[]): Promise<void> {
  for (const request of requests) await request().catch(() => {})
}
const run = () => answer({ kind: 'run', session: 3, inputs: { x: 1 }, outputs: { y: 'host' } })

it.each(['open', 'upload'] as const)('makes what there was no room for when it is needed: %s', async (what) => {
  full.add(what)
  await asIsGoes(upload, weight, open)
  await expect(run()).rejects.toThrow(OutOfMemory)
  full.clear()
  expect(await run()).toEqual({ y: one })
  const before = asked.length
  await run()
  expect(asked).toHaveLength(before)
})

it('says at once that there is no room for weights, and makes them when there is', async () => {
  full.add('uploadFile')
  await asIsGoes(upload, weight, open)
  const error = await run().catch((error: unknown) => error)
  expect(error).toBeInstanceOf(NoRoomForWeights)
  expect((error as Error).message).toBe(
    "the weights do not fit into the device's memory: choose a smaller dtype or another device, or end other programs on it (out of memory)",
  )
  full.clear()
  expect(await run()).toEqual({ y: one })
})

it('goes on telling of other failures', async () => {
  await expect(run()).rejects.toThrow('the tensor was never made, or is disposed of')
  await upload()
  await expect(run()).rejects.toThrow('the session was never made, or is disposed of')
})
