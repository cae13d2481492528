import type { GraphBuilder, Value } from '../onnx/graph-builder.js'
import { actedOutput, countedInput } from './edit-inputs.js'

/** Counts at how many tokens of each batch row the parts of edits act. */
export interface ActedNodes {
  /** Where some parts at a hook point act: bool [B, T, parts]. */
  note(hookPoint: string, acts: Value): void
  /** Makes the counts an output [B, K]: hook point after hook point, each one's parts in the order in which they were noted. */
  output(hookPoints: Iterable<string>): void
}

export function actedNodes(graph: GraphBuilder): ActedNodes {
  const counts = new Map<string, Value[]>()
  return {
    note: (hookPoint, acts) => {
      // a product with 0 at padding and 1 at other tokens sums over T and leaves the padding out; exact below 2^24 tokens a row
      const counted = graph.inputOnce(countedInput, 'float32', ['B', 1, 'T'])
      const count = graph.node('MatMul', [counted, graph.node('Cast', [acts], { to: 1 })])
      counts.set(hookPoint, [...(counts.get(hookPoint) ?? []), count])
    },
    output: (hookPoints) => {
      const all = [...hookPoints].flatMap((hookPoint) => counts.get(hookPoint) ?? [])
      if (all.length === 0) return
      const joined = all.length === 1 ? all[0]! : graph.node('Concat', all, { axis: -1 })
      graph.output(graph.node('Squeeze', [joined, graph.ints([1])]), actedOutput, 'float32', ['B', 'acted'])
    },
  }
}
