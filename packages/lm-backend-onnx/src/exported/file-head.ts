import { type Head, hiddenStacker, type OpenGraph, runLogits, splitRows } from '../forward/head.js'
import { type HeadPart, type HeadTarget, headParts, joinParts } from '../forward/head-parts.js'
import { int64 } from '../forward/layout.js'
import { overflows } from '../forward/overflow.js'
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
  const run = (
    hidden: DeviceTensor,
    { start, rows }: HeadPart,
    feeds: Record<string, TensorData>,
    outputs: readonly string[],
  ) =>
    session(!outputs.includes(headNames.logits)).run(
      {
        [headNames.hidden]: hidden,
        [partInput]: int64(Array.from({ length: rows }, (_, row) => start + row)),
        ...feeds,
      },
      Object.fromEntries([...outputs, headNames.squares].map((name) => [name, 'host'])),
    )
  return {
    head: async (hidden, targets) => {
      const whole = hidden.length === 1 ? null : stacked(hidden)
      const states = whole ?? hidden[0]!.tensor
      const parts = headParts(states.dims[0]!, step, targets)
      // all are asked for before anything is waited for: the caller gives the hidden states back meanwhile
      const runs = parts.map((part) => {
        const numbers = (of: (target: HeadTarget) => number) => int64(part.targets.map((index) => of(targets[index]!)))
        const feeds = {
          [headNames.rows]: numbers(({ row }) => row - part.start),
          [headNames.targets]: numbers(({ token }) => token),
        }
        return run(states, part, feeds, [headNames.logprobs, headNames.argmax])
      })
      whole?.dispose()
      return joinParts(parts, await Promise.all(runs), targets.length)
    },
    logits: async (hidden) => {
      const states = 'data' in hidden ? runtime.upload(hidden) : hidden
      const logits: Float32Array[] = []
      const squares: number[] = []
      try {
        for (const part of headParts(states.dims[0]!, step, [])) {
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
