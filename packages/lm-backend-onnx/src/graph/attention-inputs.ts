import type { GraphBuilder, Value } from '../onnx/graph-builder.js'
import type { ModelSpec } from '../spec/model-spec.js'
import type { Rope } from '../spec/rope.js'
import { ropeTable } from '../spec/rope-table.js'
import { bodyNames, ropesOf } from './body-inputs.js'
import type { GraphForm } from './graph-form.js'

/** The graph inputs that attention layers share; each is declared when the first of them needs it. */
export interface AttentionInputs {
  /** bool [1 or B, 1, T, S]: the mask, narrowed to a window; built once per window size. */
  mask(window: number | null): Value
  /** float32 of the same shape: 0 where the mask is true, else so low that nothing is left of it in a softmax. */
  maskBias(window: number | null): Value
  /** int64 [1] each: how many queries T and keys S there are. */
  sizes(): { readonly queries: Value; readonly keys: Value }
  /** cos and sin [B, T, pairs]; built once per kind of rotary embedding. */
  rotary(rope: Rope): { readonly cos: Value; readonly sin: Value; readonly dimensions: number }
}

/** The graph input is declared once, by whichever part needs it first. */
export function positionsInput(graph: GraphBuilder): Value {
  return graph.inputOnce(bodyNames.positions, 'int64', ['B', 'T'])
}

export function attentionInputs(graph: GraphBuilder, spec: ModelSpec, form: GraphForm): AttentionInputs {
  const once = <Keys extends unknown[], Made>(make: (...keys: Keys) => Made) => {
    const made = new Map<string, Made>()
    return (...keys: Keys): Made => {
      const text = JSON.stringify(keys)
      const value = made.get(text) ?? make(...keys)
      made.set(text, value)
      return value
    }
  }
  // shaders may take it that there are no infinities (WebGPU Shading Language, 15.7.2)
  const lowest = form.attention === 'operator' ? Number.NEGATIVE_INFINITY : -1e30
  const wholeMask = () => graph.inputOnce(bodyNames.mask, 'bool', ['mask_rows', 1, 'T', 'S'])
  const mask = once((window: number | null) => {
    const whole = wholeMask()
    if (window === null) return whole
    // distance = query position - key position; a window of w sees distances below w
    const asNumbers = form.comparisons === 'float32'
    const ofQueries = asNumbers ? graph.inputOnce(bodyNames.queryPlaces, 'float32', ['B', 'T']) : positionsInput(graph)
    const queries = graph.node('Unsqueeze', [ofQueries, graph.ints([1, 3])])
    const ofKeys = asNumbers
      ? graph.inputOnce(bodyNames.keyPlaces, 'float32', ['B', 'S'])
      : graph.inputOnce(bodyNames.keyPositions, 'int64', ['B', 'S'])
    const keys = graph.node('Unsqueeze', [ofKeys, graph.ints([1, 2])])
    const distance = graph.node('Sub', [queries, keys])
    const near = graph.node('Less', [distance, asNumbers ? graph.scalar(window) : graph.ints([window], [])])
    return graph.node('And', [whole, near])
  })
  return {
    mask,
    maskBias: once((window: number | null) =>
      graph.node('Where', [mask(window), graph.scalar(0), graph.scalar(lowest)]),
    ),
    sizes: once(() => {
      const size = (axis: number) => graph.node('Shape', [wholeMask()], { start: axis, end: axis + 1 })
      return { queries: size(2), keys: size(3) }
    }),
    rotary: once((rope: Rope) =>
      form.rotary === 'computed' ? computedRotary(graph, spec.dHead, rope) : rotaryRows(graph, spec, rope),
    ),
  }
}

/** cos and sin of position times frequency, computed from the positions so that any position works. */
function computedRotary(graph: GraphBuilder, dHead: number, rope: Rope) {
  const { frequencies, scale } = ropeTable(rope, dHead)
  const positions = graph.node('Cast', [graph.node('Unsqueeze', [positionsInput(graph), graph.ints([2])])], { to: 1 })
  const angles = graph.node('Mul', [positions, graph.floats(frequencies, [1, 1, frequencies.length])])
  const scaled = (value: Value) => (scale === 1 ? value : graph.node('Mul', [value, graph.scalar(scale)]))
  return {
    cos: scaled(graph.node('Cos', [angles])),
    sin: scaled(graph.node('Sin', [angles])),
    dimensions: 2 * frequencies.length,
  }
}

/** cos and sin from tables with a row for each position, which the caller gives; see rotaryTable. */
function rotaryRows(graph: GraphBuilder, spec: ModelSpec, rope: Rope) {
  const pairs = ropeTable(rope, spec.dHead).frequencies.length
  const index = ropesOf(spec).findIndex((known) => JSON.stringify(known) === JSON.stringify(rope))
  const rows = (which: 'cos' | 'sin') => {
    const table = graph.input(bodyNames.rotary(index, which), 'float32', ['positions', pairs])
    return graph.node('Gather', [table, positionsInput(graph)], { axis: 0 })
  }
  return { cos: rows('cos'), sin: rows('sin'), dimensions: 2 * pairs }
}
