import { type ApplyOptions, applyIntervention, type FromEdit, type Intervention } from '@saeval/sae-core'
import { afterAll, expect } from 'vitest'
import { testDevice } from '../../../../tests/test-device.js'
import { ActedCounter, countedTensor } from '../forward/acted-counter.js'
import { GraphBuilder } from '../onnx/graph-builder.js'
import { cApiEngine } from '../runtime/c-api/c-api-engine.js'
import type { Engine, TensorData } from '../runtime/engine.js'
import { nodeEngine } from '../runtime/node-engine.js'
import type { Provider } from '../runtime/protocol.js'
import { actedNodes } from './acted-nodes.js'
import { actedOutput, countedInput, selectedInput } from './edit-inputs.js'
import { applyStages } from './edit-nodes.js'
import { countsTokens, jointShape, readHookPoints, selectsPositions } from './edit-shape.js'
import { formOf, type GraphForm } from './graph-form.js'
import { packEdits, selectionsOf } from './pack-edits.js'

const provider: Provider =
  testDevice === 'cuda:0' ? { name: 'cuda', deviceId: 0 } : { name: testDevice as 'cpu' | 'webgpu' }
let engine: Promise<Engine> | null = null
afterAll(async () => (await engine)?.close())

/** The form of graphs on the device of the tests. */
export const deviceForm: GraphForm = formOf(provider, 'float32')

/** The hook point at which the edits of a test act. */
export const at = 'here'

/** What the graph makes of one setting. */
export interface GraphResult {
  /** x' [n, d] */
  readonly values: Float32Array
  /** Edit -> at how many tokens it acts. */
  readonly acted: ReadonlyMap<number, number>
}

/**
 * What the graph makes of x [1, n, d] at one hook point for each setting, as rows of one batch, on the device of the tests. `selected` is the mask of one setting; only the
 * first `counted` tokens count.
 */
export async function runGraph(
  x: Float32Array,
  widths: ReadonlyMap<string, number>,
  settings: readonly (readonly Intervention[])[],
  extra: {
    reads?: ReadonlyMap<string, Float32Array>
    selected?: (row: number) => Float32Array
    counted?: number
    form?: GraphForm
  } = {},
): Promise<GraphResult[]> {
  const { form = deviceForm } = extra
  const d = widths.get(at)!
  const n = x.length / d
  const shape = jointShape(settings)
  const graph = new GraphBuilder()
  const batch = (values: Float32Array, width: number): TensorData => {
    const data = new Float32Array(values.length * settings.length)
    for (const row of settings.keys()) data.set(values, row * values.length)
    return { dtype: 'float32', data, dims: [settings.length, n, width] }
  }
  const feeds = new Map<string, TensorData>([['x', batch(x, d)]])
  const input = graph.input('x', 'float32', ['B', 'T', d])
  for (const hookPoint of readHookPoints(shape)) {
    graph.input(hookPoint, 'float32', ['B', 'T', widths.get(hookPoint)!])
    feeds.set(hookPoint, batch(extra.reads!.get(hookPoint)!, widths.get(hookPoint)!))
  }
  const reads = { value: (hookPoint: string) => hookPoint, width: (hookPoint: string) => widths.get(hookPoint)! }
  const nodes = actedNodes(graph)
  graph.output(applyStages(graph, input, at, shape.get(at)!, reads, nodes, form), 'y', 'float32', ['B', 'T', d])
  nodes.output(shape.keys())
  const packed = packEdits(shape, widths, settings, form)
  for (const [name, tensor] of [...packed.feeds, ...packed.shared]) feeds.set(name, tensor)
  if (selectsPositions(shape)) {
    const columns = 1 + Math.max(...settings.map((setting) => selectionsOf(setting).length))
    const data = new Float32Array(settings.length * n * columns)
    for (const row of settings.keys()) data.set(extra.selected!(row), row * n * columns)
    feeds.set(selectedInput, { dtype: 'float32', data, dims: [settings.length, n, columns] })
  }
  if (countsTokens(shape))
    feeds.set(
      countedInput,
      countedTensor(
        settings.map(() => extra.counted ?? n),
        n,
      ),
    )
  const options = { provider, threads: 1 }
  engine ??= provider.name === 'cpu' ? Promise.resolve(nodeEngine(options)) : cApiEngine(options)
  const session = await (await engine).open(graph.build(), { folder: null, mapped: false, constants: {} })
  const found = await session.run(Object.fromEntries(feeds), {
    y: 'host',
    ...(countsTokens(shape) ? { [actedOutput]: 'host' } : {}),
  })
  session.dispose()
  const valuesOf = (output: string) => (found[output] as TensorData | undefined)?.data as Float32Array | undefined
  const values = valuesOf('y')!
  const counts = valuesOf(actedOutput) ?? new Float32Array()
  return settings.map((_, row) => {
    const counter = new ActedCounter()
    counter.expect(packed.acted[row]!)
    const K = counts.length / settings.length
    counter.add(packed.acted[row]!, counts.subarray(row * K, (row + 1) * K), 1)
    return { values: values.slice(row * x.length, (row + 1) * x.length), acted: counter.tokens }
  })
}

/** Expects that the graph has counted every edit at as many of the first `counted` tokens as the formulas in float64 do. */
export function expectActs(
  { acted }: Pick<GraphResult, 'acted'>,
  x: Float32Array,
  intervention: Intervention,
  d: number,
  options: ApplyOptions = {},
  counted = x.length / d,
): void {
  const expected = new Map<number, number>([...acted.keys()].map((edit) => [edit, 0]))
  const onActs = ({ edit }: FromEdit, token: number) => {
    if (edit !== undefined && token < counted) expected.set(edit, (expected.get(edit) ?? 0) + 1)
  }
  applyIntervention(x, intervention, d, { ...options, onActs })
  expect(acted).toEqual(expected)
}
