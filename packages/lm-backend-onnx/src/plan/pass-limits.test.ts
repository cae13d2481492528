import { describe, expect, it } from 'vitest'
import { modelsHere } from '../../../../tests/fixtures.js'
import { builtGraphs } from '../forward/built-graphs.js'
import { createForward } from '../forward/forward.js'
import { goldenWeights } from '../golden-models.testing.js'
import { cpuForm, formOf } from '../graph/graph-form.js'
import type { DeviceRoom } from '../runtime/device-room.js'
import { localChannel } from '../runtime/local-channel.js'
import { nodeEngine } from '../runtime/node-engine.js'
import { OutOfMemory } from '../runtime/out-of-memory.js'
import { passShapes } from '../runtime/pass-shapes.js'
import type { Provider } from '../runtime/protocol.js'
import { remoteRuntime } from '../runtime/remote-runtime.js'
import { scoreRows } from '../scoring/score.js'
import type { LayerSpec, ModelSpec } from '../spec/model-spec.js'
import { PassLimits } from './pass-limits.js'
import { passWork } from './pass-work.js'
import { type Pass, plan } from './plan.js'
import { prefixTree } from './prefix-tree.js'
import { fixedBudget, measuredBudget } from './token-budget.js'

/** What the limits ask of Gemma 2 2B, and of a model of 8 billion weights with 32 heads. */
const shapes = {
  'Gemma 2 2B': { dModel: 2304, nHeads: 8, nKvHeads: 4, dHead: 256, inner: 9216, nLayers: 26 },
  'Llama 3 8B': { dModel: 4096, nHeads: 32, nKvHeads: 8, dHead: 128, inner: 14336, nLayers: 32 },
}
type Shape = (typeof shapes)['Gemma 2 2B']
const specOf = ({ dModel, nLayers, inner, ...heads }: Shape) => {
  const layer = {
    attention: { kind: 'softmax', ...heads },
    attentionOutput: { inFeatures: heads.nHeads * heads.dHead },
    mlp: { kind: 'dense', down: { inFeatures: inner } },
    expertsBeside: null,
  }
  return { dModel, nLayers, layerInputs: null, layer: () => layer } as unknown as ModelSpec
}
const roomOf = (bytes: number): DeviceRoom => ({ activations: bytes, attention: bytes, caches: bytes, states: bytes })

const providers: Provider[] = [{ name: 'cpu' }, { name: 'webgpu' }, { name: 'cuda', deviceId: 0 }]

describe('passes over texts of 8192 tokens', () => {
  // four texts, of which two share three quarters
  const requests = [0, 0, 1, 2].map((kind, index) => ({
    ids: Array.from({ length: 8192 }, (_, at) => (at < 6144 ? kind : 10 + index)),
    reads: [8191],
  }))
  const tree = prefixTree(requests)
  const bytesOf = ({ past, rows, columns }: Pass, { nHeads }: Shape) => 4 * nHeads * rows * columns * (past + columns)

  describe.each(Object.entries(shapes))('of %s', (_, shape) => {
    const spec = specOf(shape)
    it.each(providers.flatMap((provider) => [null, 2 ** 28].map((bytes) => [provider.name, bytes, provider] as const)))(
      'hold no more attention on %s than its memory (%d bytes)',
      (name, bytes, provider) => {
        const { pieceBytes, sharesPast } = formOf(provider, 'float32')
        const room = bytes === null ? null : roomOf(bytes)
        const limits = new PassLimits(passWork(spec), passShapes[name], { room, largest: pieceBytes }, () => {})
        for (const budget of [fixedBudget(8, 8192, limits), measuredBudget(64, 8192, limits)]) {
          const largest = (cells: number) => {
            const all = plan(requests, tree, () => ({ ...budget.next(), cells }), sharesPast)
            return Math.max(...[...all].map((pass) => bytesOf(pass, shape)))
          }
          const most = bytes ?? 2 ** 30
          // three of them are there at once
          expect(3 * largest(limits.cells)).toBeLessThanOrEqual(most)
          expect(largest(limits.cells)).toBeLessThanOrEqual(pieceBytes ?? Number.POSITIVE_INFINITY)
          // without limits, those of 32 heads would not fit into any GPU's
          if (name !== 'cpu' && shape.nHeads === 32) expect(3 * largest(Number.POSITIVE_INFINITY)).toBeGreaterThan(most)
        }
        for (const past of [0, 512, 8192]) {
          const columns = limits.columns(past)
          expect(3 * 4 * shape.nHeads * columns * (past + columns)).toBeLessThanOrEqual(bytes ?? 2 ** 30)
        }
      },
    )
  })

  it('are as large as the shape of the device where there is room', () => {
    const spec = specOf(shapes['Gemma 2 2B'])
    const limits = new PassLimits(passWork(spec), passShapes.cpu, { room: null, largest: null }, () => {})
    expect(limits.columns(8192)).toBe(512)
    expect(limits.tokens).toBeGreaterThan(2048)
  })
})

it('a token takes as much as its experts and the one that all share', () => {
  const shared = { mlp: { kind: 'dense', down: { inFeatures: 100 } }, gate: null }
  const bytesWith = (mlp: object) => {
    const spec = specOf(shapes['Gemma 2 2B'])
    const layer = { ...spec.layer(0), mlp }
    return passWork({ ...spec, layer: () => layer as unknown as LayerSpec }).bytesPerToken
  }
  const experts = { kind: 'experts', chosen: 2, dExpert: 30, shared: null }
  const dense = bytesWith(shared.mlp)
  expect(bytesWith(experts) - dense).toBe(4 * 3 * (2 * 30 - 100))
  // read beside them
  expect(bytesWith({ ...experts, shared }) - dense).toBe(4 * 3 * 2 * 30)
})

// with layers that carry a state, and without
it.each(modelsHere(['google/gemma-2-2b', 'Qwen/Qwen3.5-2B-Base']))(
  'passes of %s that are cut for their attention, or because there was no memory, give the same numbers',
  async (name) => {
    const { spec, weights } = await goldenWeights(name)
    const provider = { name: 'cpu' } as const
    const channel = localChannel(nodeEngine({ provider, threads: 1 }))
    const runtime = remoteRuntime(channel, 'cpu', passShapes.cpu)
    const forwardWith = (room: DeviceRoom | null) =>
      createForward({
        ...{ runtime, provider, room, notice: () => {} },
        graphs: builtGraphs({ spec, weights: { ...weights, residence: 'packed' }, form: cpuForm }),
        weights: { ...weights, residence: 'packed' },
        special: { bos: null, all: new Set() },
      })
    const rows = [40, 23, 40].map((length, text) => {
      const ids = Array.from({ length }, (_, at) => (at < 20 ? 7 + at : 11 + at * text))
      return { ids, predictions: [3, length - 1].map((position) => ({ position, token: 5 + text })) }
    })
    const counts = { computed: 0 }
    const score = async (room: DeviceRoom | null, most = Number.POSITIVE_INFINITY) => {
      const forward = forwardWith(room)
      const passes: number[] = []
      const body: typeof forward.body = (edits, layout, ...rest) => {
        const tokens = layout.rows * layout.columns
        if (tokens > most) throw new OutOfMemory('Failed to allocate memory')
        passes.push(layout.columns)
        return forward.body(edits, layout, ...rest)
      }
      const edits = forward.edits([[]])
      const scored = await scoreRows({ ...forward, body }, edits, rows, { batchSize: 4, counts })
      return { scored: scored.flatMap(({ logprobs }) => logprobs), passes }
    }
    const heads = Math.max(
      ...Array.from({ length: spec.nLayers }, (_, index) => spec.layer(index).attention).map((attention) =>
        attention.kind === 'softmax' ? attention.nHeads : 0,
      ),
    )
    try {
      const [whole, cut] = [await score(null), await score(roomOf(3 * 4 * heads * 200))]
      expect(Math.max(...cut.passes)).toBeLessThan(Math.max(...whole.passes))
      expect(Math.max(...cut.passes)).toBeLessThanOrEqual(14)
      // a text alone is halved twice
      const small = await score(null, 14)
      expect(Math.max(...small.passes)).toBeGreaterThan(1)
      for (const { scored } of [cut, small])
        for (const [at, value] of scored.entries()) expect(Math.abs(value - whole.scored[at]!)).toBeLessThan(1e-4)
    } finally {
      await runtime.close()
    }
  },
)
