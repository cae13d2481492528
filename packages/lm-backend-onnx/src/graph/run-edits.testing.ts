import type { Intervention } from '@saeval/sae-core'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { GraphBuilder } from '../onnx/graph-builder.js'
import type { TensorData } from '../session/protocol.js'
import { selectedInput } from './edit-inputs.js'
import { applyStages } from './edit-nodes.js'
import { jointShape, readHookPoints, selectsPositions } from './edit-shape.js'
import { packEdits, selectionsOf } from './pack-edits.js'

/** The hook point at which the edits of a test act. */
export const at = 'here'

/** What the graph makes of x [1, n, d] at one hook point for each setting, as rows of one batch. `selected` is the mask of one setting. */
export async function runGraph(
  x: Float32Array,
  widths: ReadonlyMap<string, number>,
  settings: readonly (readonly Intervention[])[],
  extra: { reads?: ReadonlyMap<string, Float32Array>; selected?: (row: number) => Float32Array } = {},
): Promise<Float32Array[]> {
  const d = widths.get(at)!
  const n = x.length / d
  const shape = jointShape(settings)
  const graph = new GraphBuilder()
  const batch = (values: Float32Array, width: number): TensorData => {
    const data = new Float32Array(values.length * settings.length)
    for (const row of settings.keys()) data.set(values, row * values.length)
    return { type: 'float32', data, dims: [settings.length, n, width] }
  }
  const feeds = new Map<string, TensorData>([['x', batch(x, d)]])
  const input = graph.input('x', 'float32', ['B', 'T', d])
  for (const hookPoint of readHookPoints(shape)) {
    graph.input(hookPoint, 'float32', ['B', 'T', widths.get(hookPoint)!])
    feeds.set(hookPoint, batch(extra.reads!.get(hookPoint)!, widths.get(hookPoint)!))
  }
  const reads = { value: (hookPoint: string) => hookPoint, width: (hookPoint: string) => widths.get(hookPoint)! }
  graph.output(applyStages(graph, input, at, shape.get(at)!, reads), 'y', 'float32', ['B', 'T', d])
  const packed = packEdits(shape, widths, settings)
  for (const [name, tensor] of [...packed.feeds, ...packed.shared]) feeds.set(name, tensor)
  if (selectsPositions(shape)) {
    const columns = 1 + Math.max(...settings.map((setting) => selectionsOf(setting).length))
    const data = new Float32Array(settings.length * n * columns)
    for (const row of settings.keys()) data.set(extra.selected!(row), row * n * columns)
    feeds.set(selectedInput, { type: 'float32', data, dims: [settings.length, n, columns] })
  }
  const session = await InferenceSession.create(graph.build(), { logSeverityLevel: 3 })
  const tensors = [...feeds].map(([name, { type, data, dims }]) => [name, new Tensor(type, data as never, dims)])
  const { y } = await session.run(Object.fromEntries(tensors))
  await session.release()
  const values = y!.data as Float32Array
  return settings.map((_, row) => values.slice(row * x.length, (row + 1) * x.length))
}
