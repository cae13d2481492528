import { type Head, type HeadTarget, hiddenStacker, type OpenGraph, runLogits, splitRows } from '../forward/head.js'
import { int64 } from '../forward/layout.js'
import { checkOverflow, overflows } from '../forward/overflow.js'
import { headNames } from '../graph/head-graph.js'
import type { TensorData } from '../runtime/engine.js'
import type { DeviceTensor, Runtime, Session } from '../runtime/runtime.js'
import { cutHead, partInput } from './cut-head.js'
import type { ExportedFile } from './exported-file.js'

/** The head of a file's graph, run on so many hidden states at a time that their logits stay small. */
export function fileHead(exported: ExportedFile, runtime: Runtime, open: OpenGraph): Head {
  const { dModel, vocabSize } = exported.spec
  const stacked = hiddenStacker(dModel, runtime, open)
  const sessions = new Map<boolean, Session>()
  const session = (reduces: boolean) => {
    const known = sessions.get(reduces) ?? open(cutHead(exported, reduces))
    sessions.set(reduces, known)
    return known
  }
  const step = Math.max(1, Math.floor(runLogits / vocabSize))
  const parts = (rows: number) =>
    Array.from({ length: Math.ceil(rows / step) }, (_, part) => {
      const start = part * step
      return Array.from({ length: Math.min(step, rows - start) }, (_, row) => start + row)
    })
  const run = (
    hidden: DeviceTensor,
    part: readonly number[],
    feeds: Record<string, TensorData>,
    outputs: readonly string[],
  ) =>
    session(!outputs.includes(headNames.logits)).run(
      { [headNames.hidden]: hidden, [partInput]: int64(part), ...feeds },
      Object.fromEntries([...outputs, headNames.squares].map((name) => [name, 'host'])),
    )
  return {
    head: async (hidden, targets) => {
      const whole = hidden.length === 1 ? null : stacked(hidden)
      const states = whole ?? hidden[0]!.tensor
      const logprobs = new Float32Array(targets.length)
      const argmax: number[] = []
      // the first target of each part, once they are in order of rows
      const order = [...targets.keys()].sort((a, b) => targets[a]!.row - targets[b]!.row)
      try {
        let next = 0
        for (const part of parts(states.dims[0]!)) {
          const own: number[] = []
          while (next < order.length && targets[order[next]!]!.row <= part.at(-1)!) own.push(order[next++]!)
          const numbers = (of: (target: HeadTarget) => number) => int64(own.map((index) => of(targets[index]!)))
          const feeds = {
            [headNames.rows]: numbers(({ row }) => row - part[0]!),
            [headNames.targets]: numbers(({ token }) => token),
          }
          const outputs = await run(states, part, feeds, [headNames.logprobs, headNames.argmax])
          checkOverflow(outputs[headNames.squares]!.data as Float32Array)
          const found = outputs[headNames.logprobs]!.data as Float32Array
          own.forEach((index, at) => {
            logprobs[index] = found[at]!
          })
          argmax.push(...Array.from(outputs[headNames.argmax]!.data as BigInt64Array, Number))
        }
      } finally {
        whole?.dispose()
      }
      return { logprobs, argmax }
    },
    logits: async (hidden) => {
      const states = 'data' in hidden ? runtime.upload(hidden) : hidden
      const logits: Float32Array[] = []
      const squares: number[] = []
      try {
        for (const part of parts(states.dims[0]!)) {
          const outputs = await run(states, part, {}, [headNames.logits])
          logits.push(...splitRows(outputs[headNames.logits]!.data as Float32Array, vocabSize))
          squares.push(...(outputs[headNames.squares]!.data as Float32Array))
        }
      } finally {
        if (states !== hidden) states.dispose()
      }
      return { logits, overflows: squares.map(overflows) }
    },
  }
}
