import type { GraphBuilder, Value } from '../onnx/graph-builder.js'
import type { Attention, ModelSpec } from '../spec/model-spec.js'
import { type HeadRope, ropeKey, ropeTable } from '../spec/rope-table.js'
import { bodyNames, modelRopes } from './body-inputs.js'
import type { GraphForm } from './graph-form.js'

/** Which of the tokens so far a layer attends to. */
export type Reach = Pick<Attention, 'window' | 'chunk'>

/** The graph inputs that attention layers share; each is declared when the first of them needs it. */
export interface AttentionInputs {
  /**
   * float32 [1 or B, 1, T, S]: 0 where a token may attend to a key, else so low that nothing is left of it in a softmax. The mask, narrowed to a
   * window and a chunk; built once for each.
   */
  maskBias(reach: Reach): Value
  /** int64 [1] each: how many queries T and keys S there are. */
  sizes(): { readonly queries: Value; readonly keys: Value }
  /** float32 [B, T, 1]: what queries are multiplied by; built once per kind. */
  temperature(temperature: NonNullable<Attention['temperature']>): Value
  /** cos and sin [B, T, pairs]; built once per kind of rotary embedding. */
  rotary(rope: HeadRope): { readonly cos: Value; readonly sin: Value; readonly dimensions: number }
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
  const asNumbers = form.comparisons === 'float32'
  const number = (value: number) => (asNumbers ? graph.scalar(value) : graph.ints([value], []))
  const queryPlaces = () =>
    asNumbers ? graph.inputOnce(bodyNames.queryPlaces, 'float32', ['B', 'T']) : positionsInput(graph)
  /** Positions of queries [B, 1, T, 1] and of keys [B, 1, 1, S]. */
  const places = once(() => {
    const queries = graph.node('Unsqueeze', [queryPlaces(), graph.ints([1, 3])])
    const ofKeys = asNumbers
      ? graph.inputOnce(bodyNames.keyPlaces, 'float32', ['B', 'S'])
      : graph.inputOnce(bodyNames.keyPositions, 'int64', ['B', 'S'])
    return { queries, keys: graph.node('Unsqueeze', [ofKeys, graph.ints([1, 2])]) }
  })
  const inWindow = once((window: number) => {
    const { queries, keys } = places()
    // distance = query position - key position; a window of w sees distances below w
    return graph.node('Less', [graph.node('Sub', [queries, keys]), number(window)])
  })
  const inChunk = once((chunk: number) => {
    const { queries, keys } = places()
    // half a token keeps an inexact division away from whole numbers
    const chunkOf = (place: Value) =>
      asNumbers
        ? graph.node('Floor', [graph.node('Div', [graph.node('Add', [place, graph.scalar(0.5)]), number(chunk)])])
        : graph.node('Div', [place, number(chunk)])
    return graph.node('Equal', [chunkOf(queries), chunkOf(keys)])
  })
  const maskBias = once((window: number | null, chunk: number | null) => {
    const near = [...(window === null ? [] : [inWindow(window)]), ...(chunk === null ? [] : [inChunk(chunk)])]
    const mask = near.reduce((whole, narrower) => graph.node('And', [whole, narrower]), wholeMask())
    return graph.node('Where', [mask, graph.scalar(0), graph.scalar(lowest)])
  })
  return {
    maskBias: ({ window, chunk }) => maskBias(window, chunk),
    temperature: once(({ floor, strength, first }: NonNullable<Attention['temperature']>) => {
      const place = queryPlaces()
      const position = asNumbers ? place : graph.node('Cast', [place], { to: 1 })
      // half a token as in inChunk
      const steps = graph.node('Div', [graph.node('Add', [position, graph.scalar(first + 0.5)]), graph.scalar(floor)])
      const logarithm = graph.node('Log', [graph.node('Add', [graph.node('Floor', [steps]), graph.scalar(1)])])
      const factor = graph.node('Add', [graph.node('Mul', [logarithm, graph.scalar(strength)]), graph.scalar(1)])
      return graph.node('Unsqueeze', [factor, graph.ints([2])])
    }),
    sizes: once(() => {
      const size = (axis: number) => graph.node('Shape', [wholeMask()], { start: axis, end: axis + 1 })
      return { queries: size(2), keys: size(3) }
    }),
    rotary: once((rope: HeadRope) =>
      form.rotary === 'computed' ? computedRotary(graph, rope) : rotaryRows(graph, spec, rope),
    ),
  }
}

/** cos and sin of position times frequency, computed from the positions so that any position works. */
function computedRotary(graph: GraphBuilder, { rope, dHead }: HeadRope) {
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
function rotaryRows(graph: GraphBuilder, spec: ModelSpec, wanted: HeadRope) {
  const pairs = ropeTable(wanted.rope, wanted.dHead).frequencies.length
  const index = modelRopes(spec).findIndex((known) => ropeKey(known) === ropeKey(wanted))
  const rows = (which: 'cos' | 'sin') => {
    const table = graph.input(bodyNames.rotary(index, which), 'float32', ['positions', pairs])
    return graph.node('Gather', [table, positionsInput(graph)], { axis: 0 })
  }
  return { cos: rows('cos'), sin: rows('sin'), dimensions: 2 * pairs }
}
