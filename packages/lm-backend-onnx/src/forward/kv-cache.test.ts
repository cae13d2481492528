import { afterEach, beforeEach, expect, it } from 'vitest'
import { cacheGraph, cacheNames } from '../graph/cache-graph.js'
import { webgpuForm } from '../graph/graph-form.js'
import { cacheTensors } from '../graph/layer-cache.js'
import { localChannel } from '../runtime/local-channel.js'
import { nodeEngine } from '../runtime/node-engine.js'
import { passShapes } from '../runtime/pass-shapes.js'
import { remoteRuntime } from '../runtime/remote-runtime.js'
import type { Runtime, Session } from '../runtime/runtime.js'
import type { ModelSpec } from '../spec/model-spec.js'
import { type KvCache, keptIn, kvCaches, pastFeeds } from './kv-cache.js'
import { int64 } from './layout.js'

// a layer of attention and one with a state
const spec = {
  layer: (index: number) => ({
    attention:
      index === 0
        ? { kind: 'softmax', qkv: {}, nKvHeads: 2, dHead: 3 }
        : { kind: 'delta_net', qkv: { outFeatures: 5 }, kernel: 3, nValueHeads: 2, dKey: 2, dValue: 4 },
  }),
} as unknown as ModelSpec
const tensors = cacheTensors(spec, [0, 1])

let runtime: Runtime
let whole: Session
beforeEach(() => {
  runtime = remoteRuntime(localChannel(nodeEngine({ provider: { name: 'cpu' }, threads: 1 })), 'cpu', passShapes.cpu)
  whole = runtime.open(cacheGraph(tensors), { folder: null, mapped: false })
})
afterEach(() => runtime.close())

const open = (model: Uint8Array) => runtime.open(model, { folder: null, mapped: false })
const sizeOf = (dims: readonly number[]) => dims.reduce((product, n) => product * n, 1)

/** A cache of numbers that say where they were: `base`, and the place in the tensor. */
function numbered(rows: number, length: number, base: number): KvCache {
  const made = tensors.map(({ name, grows, empty }) => {
    const dims = grows ? empty(rows).with(2, length) : empty(rows)
    const data = Float32Array.from({ length: sizeOf(dims) }, (_, at) => base + at)
    return [name, runtime.upload({ dtype: 'float32', data, dims })] as const
  })
  return { rows, length, tensors: new Map(made), dispose: () => {} }
}

/** What stands in a cache, by tensor. */
async function read(cache: KvCache): Promise<Record<string, number[]>> {
  const range = (length: number) => int64([...Array(length).keys()])
  const outputs = await whole.run(
    {
      ...pastFeeds(tensors, cache.rows, cache),
      ...{ [cacheNames.rows]: range(cache.rows), [cacheNames.columns]: range(cache.length) },
    },
    Object.fromEntries(tensors.map(({ present }) => [present, 'host' as const])),
  )
  return Object.fromEntries(tensors.map(({ name, present }) => [name, [...(outputs[present]!.data as Float32Array)]]))
}

const parts = [
  { row: 0, at: 1, count: 2, toRow: 2, toAt: 0 },
  { row: 1, at: 0, count: 3, toRow: 0, toAt: 4 },
]

/** The numbers of `into` with the parts of `from` in their places. */
function expected(into: Record<string, number[]>, from: Record<string, number[]>, fromLength: number, length: number) {
  return Object.fromEntries(
    tensors.map(({ name, grows, empty }) => {
      const found = [...into[name]!]
      const size = sizeOf(empty(1))
      for (const { row, at, count, toRow, toAt } of parts) {
        if (!grows) for (let i = 0; i < size; i++) found[toRow * size + i] = from[name]![row * size + i]!
        else
          for (let head = 0; head < 2; head++)
            for (let place = 0; place < count; place++)
              for (let d = 0; d < 3; d++)
                found[((toRow * 2 + head) * length + toAt + place) * 3 + d] =
                  from[name]![((row * 2 + head) * fromLength + at + place) * 3 + d]!
      }
      return [name, found]
    }),
  )
}

it('writes tokens and states of some rows into others: in a graph, as devices do, and beside a run', async () => {
  const caches = kvCaches(tensors, runtime, { form: webgpuForm, open })
  const from = numbered(2, 4, 0)
  const inGraph = numbered(3, 8, 1000)
  const besideRun = numbered(3, 8, 1000)
  const wanted = expected(await read(inGraph), await read(from), 4, 8)
  caches.place(from, { into: inGraph, parts })
  await whole.run(
    { ...pastFeeds(tensors, 2, from), [cacheNames.rows]: int64([0, 1]), [cacheNames.columns]: int64([0, 1, 2, 3]) },
    keptIn(tensors, { into: besideRun, parts }),
  )
  expect(await read(inGraph)).toEqual(wanted)
  expect(await read(besideRun)).toEqual(wanted)
})

it('joins columns of two caches, and reserves room from nothing', async () => {
  const caches = kvCaches(tensors, runtime, { form: webgpuForm, open })
  const [first, second] = [numbered(1, 3, 0), numbered(1, 4, 500)]
  const joined = caches.join(first, second, [2, 0, 3, 6])
  // of tensors that grow: the prefix has no state that rows could share
  expect([...joined.tensors.keys()]).toEqual(['0.k', '0.v'])
  const both = { ...joined, tensors: new Map([...first.tensors, ...joined.tensors]) }
  const column = (base: number, length: number, at: number, head: number) =>
    [0, 1, 2].map((d) => base + (head * length + at) * 3 + d)
  expect((await read(both))['0.v']).toEqual(
    [0, 1].flatMap((head) => [
      ...[...column(0, 3, 2, head), ...column(0, 3, 0, head)],
      ...[...column(500, 4, 0, head), ...column(500, 4, 3, head)],
    ]),
  )
  const room = caches.reserve(caches.blank(), [0, 0], 5)
  expect(Object.values(await read(room)).map((values) => new Set(values))).toEqual(tensors.map(() => new Set([0])))
  expect(room.tensors.get('0.k')!.dims).toEqual([2, 2, 5, 3])
})
