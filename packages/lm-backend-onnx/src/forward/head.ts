import { compared } from '../graph/compared.js'
import type { GraphOptions } from '../graph/graph-form.js'
import { headGraph, headNames, logitsGraph } from '../graph/head-graph.js'
import { stackGraph, stackNames, takeGraph, takeNames } from '../graph/stack-graph.js'
import type { BuiltGraph, GraphWeight } from '../graph/weight-values.js'
import type { TensorData } from '../runtime/engine.js'
import type { DeviceTensor, Runtime, Session } from '../runtime/runtime.js'
import { type HeadResult, type HeadTarget, headParts, joinParts } from './head-parts.js'
import type { HiddenStates } from './hidden-states.js'
import { int64 } from './layout.js'
import { overflows } from './overflow.js'

/** What hidden states predict, by their own sessions. Of a hidden state 12 bytes leave the device, of a target 4; logits only for `logits`. */
export interface Head {
  /** Of several passes' hidden states, numbered through. Throws InputError where one is beyond float32; see checkOverflow. */
  head(hidden: readonly HiddenStates[], targets: readonly HeadTarget[]): Promise<HeadResult>
  /** Logits [vocab] of each hidden state [rows, d_model]; `overflows` says which are beyond float32, so that its logits mean nothing. */
  logits(
    hidden: DeviceTensor | TensorData,
  ): Promise<{ readonly logits: Float32Array[]; readonly overflows: readonly boolean[] }>
}

/** Logits of one run: 32 M numbers, 128 MB. */
export const runLogits = 2 ** 25

/** Opens a graph with the weights that are its inputs, none by default. */
export type OpenGraph = (model: Uint8Array, weights?: readonly GraphWeight[]) => Session

/** Puts hidden states of several passes one below the other, as a tensor that the caller owns. */
export function hiddenStacker(
  dModel: number,
  runtime: Runtime,
  open: OpenGraph,
): (hidden: readonly HiddenStates[]) => DeviceTensor {
  const stacks = new Map<number, Session>()
  return (hidden) => {
    const stack = stacks.get(hidden.length) ?? open(stackGraph(hidden.length, dModel))
    stacks.set(hidden.length, stack)
    const whole = runtime.tensor('float32', [hidden.reduce((sum, { rows }) => sum + rows, 0), dModel])
    const parts = hidden.map(({ tensor }, index) => [stackNames.part(index), tensor] as const)
    // a failure shows in the run that uses it
    stack.run(Object.fromEntries(parts), { [stackNames.whole]: whole }).catch(() => {})
    return whole
  }
}

/** Takes neighbouring rows of hidden states, as a tensor that the caller owns. */
function rowTaker(
  dModel: number,
  runtime: Runtime,
  open: OpenGraph,
): (whole: DeviceTensor, start: number, rows: number) => DeviceTensor {
  let take: Session | null = null
  return (whole, start, rows) => {
    take ??= open(takeGraph(dModel))
    const taken = runtime.tensor('float32', [rows, dModel])
    const indices = int64(Array.from({ length: rows }, (_, row) => start + row))
    // a failure shows in the run that uses it
    take.run({ [takeNames.whole]: whole, [takeNames.rows]: indices }, { [takeNames.taken]: taken }).catch(() => {})
    return taken
  }
}

/** The head of a model, run on at most `mostRows` hidden states at a time. `open` opens sessions with its weights. */
export function createHead(options: GraphOptions, runtime: Runtime, open: OpenGraph, mostRows: number): Head {
  const { dModel, vocabSize } = options.spec
  const stacked = hiddenStacker(dModel, runtime, open)
  const taken = rowTaker(dModel, runtime, open)
  let head: Session | null = null
  let logits: Session | null = null

  const openBuilt = ({ model, weights }: BuiltGraph) => open(model, weights)
  return {
    head: async (hidden, targets) => {
      head ??= openBuilt(headGraph(options))
      const session = head
      const whole = hidden.length === 1 ? null : stacked(hidden)
      const states = whole ?? hidden[0]!.tensor
      const parts = headParts(states.dims[0]!, mostRows, targets)
      // all are asked for before anything is waited for: the caller gives the hidden states back meanwhile
      const runs = parts.map(({ start, rows, targets: own }) => {
        const part = parts.length === 1 ? states : taken(states, start, rows)
        const numbers = (of: (target: HeadTarget) => number) =>
          compared(
            options.form,
            own.map((index) => of(targets[index]!)),
          )
        const run = session.run(
          {
            [headNames.hidden]: part,
            [headNames.rows]: numbers(({ row }) => row - start),
            [headNames.targets]: numbers(({ token }) => token),
          },
          { [headNames.logprobs]: 'host', [headNames.argmax]: 'host', [headNames.squares]: 'host' },
        )
        if (part !== states) part.dispose()
        return run
      })
      whole?.dispose()
      return joinParts(parts, await Promise.all(runs), targets.length)
    },
    logits: async (hidden) => {
      logits ??= openBuilt(logitsGraph(options))
      const rows = hidden.dims[0]!
      const states = 'data' in hidden ? runtime.upload(hidden) : hidden
      const found: Float32Array[] = []
      const squares: number[] = []
      const step = Math.max(1, Math.floor(runLogits / vocabSize))
      try {
        for (let start = 0; start < rows; start += step) {
          const some = Array.from({ length: Math.min(step, rows - start) }, (_, row) => start + row)
          const outputs = await logits.run(
            { [headNames.hidden]: states, [headNames.rows]: int64(some) },
            { [headNames.logits]: 'host', [headNames.squares]: 'host' },
          )
          found.push(...splitRows(outputs[headNames.logits]!.data as Float32Array, vocabSize))
          squares.push(...(outputs[headNames.squares]!.data as Float32Array))
        }
      } finally {
        if (states !== hidden) states.dispose()
      }
      return { logits: found, overflows: squares.map(overflows) }
    },
  }
}

/** The rows of a matrix. */
export function splitRows(data: Float32Array, width: number): Float32Array[] {
  return Array.from({ length: data.length / width }, (_, row) => data.slice(row * width, (row + 1) * width))
}
