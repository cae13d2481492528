import { compared } from '../graph/compared.js'
import type { GraphOptions } from '../graph/graph-form.js'
import { headGraph, headNames, logitsGraph } from '../graph/head-graph.js'
import { stackGraph, stackNames } from '../graph/stack-graph.js'
import type { BuiltGraph, GraphWeight } from '../graph/weight-values.js'
import type { TensorData } from '../runtime/engine.js'
import type { DeviceTensor, Runtime, Session } from '../runtime/runtime.js'
import type { HiddenStates } from './hidden-states.js'
import { int64 } from './layout.js'
import { checkOverflow, overflows } from './overflow.js'

/** A token whose log-probability is wanted, and the hidden state that predicts it. */
export interface HeadTarget {
  readonly row: number
  readonly token: number
}

export interface HeadResult {
  /** One per target, in nats. */
  readonly logprobs: Float32Array
  /** Most likely token per hidden state. */
  readonly argmax: number[]
}

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

/** The head of a model. `open` opens sessions with its weights. */
export function createHead(options: GraphOptions, runtime: Runtime, open: OpenGraph): Head {
  const { dModel, vocabSize } = options.spec
  const stacked = hiddenStacker(dModel, runtime, open)
  let head: Session | null = null
  let logits: Session | null = null

  const openBuilt = ({ model, weights }: BuiltGraph) => open(model, weights)
  return {
    head: async (hidden, targets) => {
      head ??= openBuilt(headGraph(options))
      const whole = hidden.length === 1 ? null : stacked(hidden)
      const numbers = (of: keyof HeadTarget) => {
        const values = targets.map((target) => target[of])
        return compared(options.form, values)
      }
      const run = head.run(
        {
          [headNames.hidden]: whole ?? hidden[0]!.tensor,
          [headNames.rows]: numbers('row'),
          [headNames.targets]: numbers('token'),
        },
        { [headNames.logprobs]: 'host', [headNames.argmax]: 'host', [headNames.squares]: 'host' },
      )
      whole?.dispose()
      const outputs = await run
      checkOverflow(outputs[headNames.squares]!.data as Float32Array)
      return {
        logprobs: outputs[headNames.logprobs]!.data as Float32Array,
        argmax: Array.from(outputs[headNames.argmax]!.data as BigInt64Array, Number),
      }
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
