import { beforeAll, describe, expect, it } from 'vitest'
import { cudaStub, lavapipe, needsCudaStub, needsLavapipe } from '../../../../tests/devices.js'
import { goldenModelNames, goldenWeights } from '../golden-models.testing.js'
import type { Provider } from '../runtime/protocol.js'
import { bodyGraph } from './body-graph.js'
import { cacheGraph } from './cache-graph.js'
import type { EditShape, ReaderShape, StageShape } from './edit-shape.js'
import { cudaForm, type GraphForm, webgpuForm } from './graph-form.js'
import { headGraph, logitsGraph } from './head-graph.js'
import { modelSteps } from './hook-sites.js'
import { cacheTensors } from './layer-cache.js'
import { type Placement, placements } from './placements.testing.js'

// with what is not here, a pass would wait for the CPU in its middle
const shapeArithmetic = [
  'Add',
  'Cast',
  'Concat',
  'Div',
  'Gather',
  'Min',
  'Mul',
  'Shape',
  'Slice',
  'Squeeze',
  'Sub',
  'Unsqueeze',
]

const whole = { key: 'sae', dSae: 64, membership: { kind: 'topk', count: 4 } } as const
const grouped = { key: 'grouped', dSae: 64, membership: { kind: 'groupmax', count: 8 } } as const
const reader: ReaderShape = { readFrom: null, normalization: 'layer_norm', scalesOutput: true, whole: null }
const stage: StageShape = {
  readers: [reader],
  phases: 2,
  gates: 1,
  adds: true,
  selects: true,
  gatesRead: 'running',
  saeReplacement: null,
  drops: false,
  keepsNorm: false,
}
const replacing: StageShape = {
  ...stage,
  readers: [{ ...reader, whole }],
  saeReplacement: { ...reader, whole, kind: 'fork', restoresMean: true, centres: true },
}
const edits: EditShape = new Map([
  ['blocks.0.hook_resid_post', [stage, replacing]],
  // what files of vectors do: x is taken away, and what is left keeps its length
  ['blocks.0.hook_mlp_out', [{ ...stage, drops: true, keepsNorm: true }]],
  ['blocks.1.hook_mlp_out', [stage, { ...stage, readers: [{ ...reader, whole: grouped }] }]],
])

const devices: [string, Provider, GraphForm, typeof lavapipe, typeof needsLavapipe][] = [
  ['WebGPU', { name: 'webgpu' }, webgpuForm, lavapipe, needsLavapipe],
  ['CUDA', { name: 'cuda', deviceId: 0 }, cudaForm, cudaStub, needsCudaStub],
]

async function graphsOf(name: string, form: GraphForm): Promise<Record<string, Uint8Array>> {
  const { spec, weights } = await goldenWeights(name)
  const options = { spec, weights, form }
  const body = { ...options, from: 0, to: modelSteps(spec).length, edits: new Map(), captures: [] }
  const layers = Array.from({ length: spec.nLayers }, (_, layer) => layer)
  return {
    body: bodyGraph(body).model,
    edited: bodyGraph({ ...body, edits }).model,
    decode: bodyGraph({ ...body, decodes: true }).model,
    'edited decode': bodyGraph({ ...body, edits, decodes: true }).model,
    ...(spec.rowsAreTexts ? {} : { 'after a shared past': bodyGraph({ ...body, edits, sharesPast: true }).model }),
    head: headGraph(options).model,
    logits: logitsGraph(options).model,
    cache: cacheGraph(cacheTensors(spec, layers)),
  }
}

describe.each(devices)(
  '%s computes all of a pass but the arithmetic of shapes',
  (_, provider, form, environment, needs) => {
    const found = new Map<string, Map<string, Placement>>()
    beforeAll(async () => {
      if (environment === null) return
      const graphs: { readonly name: string; readonly graph: string; readonly model: Uint8Array }[] = []
      for (const name of goldenModelNames)
        for (const [graph, model] of Object.entries(await graphsOf(name, form))) graphs.push({ name, graph, model })
      // one process for all of them
      const all = await placements(
        provider,
        environment,
        graphs.map(({ model }) => model),
      )
      graphs.forEach(({ name, graph }, index) => {
        found.set(name, (found.get(name) ?? new Map()).set(graph, all[index]!))
      })
    }, 300_000)

    it.each(goldenModelNames)('of %s', needs, (name) => {
      const graphs = [...found.get(name)!]
      expect(graphs.length).toBeGreaterThanOrEqual(7)
      graphs.forEach(([graph, { onCpu, onDevice, copies }]) => {
        expect(
          onCpu.filter((operator) => !shapeArithmetic.includes(operator)),
          graph,
        ).toEqual([])
        expect(copies, graph).toBeLessThanOrEqual(2)
        expect(onDevice, graph).toBeGreaterThan(0)
      })
    })
  },
)
