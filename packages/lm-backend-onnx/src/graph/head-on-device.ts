import type { GraphBuilder, Value } from '../onnx/graph-builder.js'
import { lowestOfLargest, topValue } from './largest-nodes.js'
import type { WeightNodes } from './weight-nodes.js'

/** What scoring needs of hidden states; see headNames. */
export interface HeadValues {
  readonly logprobs: Value
  readonly argmax: Value
}

/**
 * Reduces logits part after part, as headGraph does, without integers and with TopK in place of ReduceMax and ArgMax. Rows and targets are
 * float32 [K]. Equal logits: the lowest id, which no provider's TopK promises, so it is looked for among the largest.
 */
export function headOnDevice(
  graph: GraphBuilder,
  nodes: WeightNodes,
  normed: Value,
  given: { readonly rows: Value; readonly targets: Value; readonly softcap: (logits: Value) => Value },
): HeadValues {
  const { rows, targets } = given
  const [first, last] = [graph.ints([0]), graph.ints([1])]
  const number = (value: number) => graph.scalar(value)
  const rowOfTarget = graph.node('Unsqueeze', [rows, last])

  const found = nodes.unembedParts(normed, (raw, width, start) => {
    const logits = given.softcap(raw)
    const max = topValue(graph, logits, 1)
    const exp = graph.node('Exp', [graph.node('Sub', [logits, max])])
    const ids = graph.floats(
      Array.from({ length: width }, (_, at) => start + at),
      [1, width],
    )
    const best = lowestOfLargest(graph, graph.node('Equal', [logits, max]), ids, 1)
    // for targets in other parts any place inside
    const place = graph.node('Sub', [targets, number(start)])
    const column = graph.node('Max', [graph.node('Min', [place, number(width - 1)]), number(0)])
    const places = graph.node('Concat', [rowOfTarget, graph.node('Unsqueeze', [column, last])], { axis: 1 })
    const logitsOfTargets = graph.node('GatherND', [logits, graph.node('Cast', [places], { to: 7 })])
    const isHere = graph.node('Equal', [place, column])
    return graph.node(
      'Concat',
      [
        graph.node('Squeeze', [max, last]),
        graph.node('ReduceSum', [exp, last], { keepdims: 0 }),
        graph.node('Squeeze', [best, last]),
        graph.node('Where', [isHere, logitsOfTargets, number(0)]),
      ],
      { axis: 0 },
    )
  })
  const [n, k] = [normed, rows].map((value) => graph.node('Shape', [value], { start: 0, end: 1 }))
  const sizes = graph.node('Concat', [n!, n!, n!, k!], { axis: 0 })
  const [maxima, sums, bests, ofTargets] = graph.nodes('Split', [found, sizes], 4, { axis: 1 })

  const max = topValue(graph, maxima!, 0)
  const shares = graph.node('Mul', [sums!, graph.node('Exp', [graph.node('Sub', [maxima!, max])])])
  const total = graph.node('ReduceSum', [shares, first], { keepdims: 0 })
  const logNormalizer = graph.node('Add', [graph.node('Squeeze', [max, first]), graph.node('Log', [total])])
  // a target's logit is in one part, and 0 in the others
  const targetLogits = graph.node('ReduceSum', [ofTargets!, first], { keepdims: 0 })
  const normalizers = graph.node('Gather', [logNormalizer, graph.node('Cast', [rows], { to: 7 })], { axis: 0 })
  const best = lowestOfLargest(graph, graph.node('Equal', [maxima!, max]), bests!, 0)
  return {
    logprobs: graph.node('Sub', [targetLogits, normalizers]),
    argmax: graph.node('Cast', [graph.node('Squeeze', [best, first])], { to: 7 }),
  }
}
