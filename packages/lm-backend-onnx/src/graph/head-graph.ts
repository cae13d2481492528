import { GraphBuilder, type Value } from '../onnx/graph-builder.js'
import { type GraphOptions, vocabularyPart } from './graph-form.js'
import { headOnDevice } from './head-on-device.js'
import { weightNodes } from './weight-nodes.js'
import type { BuiltGraph } from './weight-values.js'

/** Names of the inputs and outputs of headGraph and logitsGraph. N = hidden states, K = targets. */
export const headNames = {
  /** float32 [N, d_model], before the final norm */
  hidden: 'hidden',
  /** int64 [K], or float32 where the form compares as float32: which hidden state predicts the target; of logitsGraph, int64: whose logits are wanted */
  rows: 'target_rows',
  /** The same: the target's token id */
  targets: 'target_ids',
  /** float32 [K]: log-probability of each target */
  logprobs: 'target_logprobs',
  /** int64 [N]: most likely next token, the lowest id of equals */
  argmax: 'argmax',
  /** float32 [N], of logitsGraph [K]: sum of a hidden state's squares; not finite where the state is beyond float32 */
  squares: 'squares',
  /** float32 [K, vocab]: raw logits after any soft-cap */
  logits: 'logits',
} as const

/**
 * Final norm, unembedding and the reduction to what scoring needs, all in float32. The vocabulary goes by in parts, of which only the maximum, the
 * sum of exponentials, the argmax and the targets' logits stay, so no [N, vocab] is ever in memory.
 */
export function headGraph(options: GraphOptions): BuiltGraph {
  const { spec, form } = options
  const graph = new GraphBuilder()
  const nodes = weightNodes(graph, options)
  const hidden = graph.input(headNames.hidden, 'float32', ['N', spec.dModel])
  const rows = graph.input(headNames.rows, form.comparisons, ['K'])
  const targets = graph.input(headNames.targets, form.comparisons, ['K'])
  const softcapped = (logits: Value) => softcap(graph, logits, spec.finalSoftcap)
  if (form.largest === 'topk') {
    const normed = nodes.norm(hidden, spec.finalNorm)
    const found = headOnDevice(graph, nodes, normed, { rows, targets, softcap: softcapped })
    graph.output(found.logprobs, headNames.logprobs, 'float32', ['K'])
    graph.output(found.argmax, headNames.argmax, 'int64', ['N'])
    outputSquares(graph, hidden, 'N')
    return { model: graph.build(), weights: nodes.values.inputs() }
  }
  const first = graph.ints([0])
  const last = graph.ints([1])

  const normed = nodes.norm(hidden, spec.finalNorm)
  const size = graph.ints([vocabularyPart(spec, form)], [])
  const partOfTarget = graph.node('Div', [targets, size])
  const inPart = graph.node('Mod', [targets, size])
  const rowOfTarget = graph.node('Unsqueeze', [rows, last])

  const found = nodes.unembedParts(normed, (raw, width) => {
    const logits = softcapped(raw)
    const max = graph.node('ReduceMax', [logits, last], { keepdims: 1 })
    const exp = graph.node('Exp', [graph.node('Sub', [logits, max])])
    const best = graph.node('ArgMax', [logits], { axis: 1, keepdims: 0 })
    // for targets in other parts any place inside
    const column = graph.node('Min', [inPart, graph.ints([width - 1], [])])
    const indices = graph.node('Concat', [rowOfTarget, graph.node('Unsqueeze', [column, last])], { axis: 1 })
    // one value, so that onnxruntime, which goes backwards from the outputs, finishes and frees a part before the next
    return graph.node(
      'Concat',
      [
        graph.node('Squeeze', [max, last]),
        graph.node('ReduceSum', [exp, last], { keepdims: 0 }),
        // exact: there are less than 2^24 tokens
        graph.node('Cast', [best], { to: 1 }),
        graph.node('GatherND', [logits, indices]),
      ],
      { axis: 0 },
    )
  })
  const [n, k] = [normed, rows].map((value) => graph.node('Slice', [graph.node('Shape', [value]), first, last]))
  const [maxima, sums, bests, logitsOfTargets] = graph.nodes(
    'Split',
    [found, graph.node('Concat', [n!, n!, n!, k!], { axis: 0 })],
    4,
    { axis: 1 },
  )

  const max = graph.node('ReduceMax', [maxima!, first], { keepdims: 0 })
  const shares = graph.node('Mul', [sums!, graph.node('Exp', [graph.node('Sub', [maxima!, max])])])
  const total = graph.node('ReduceSum', [shares, first], { keepdims: 0 })
  const logNormalizer = graph.node('Add', [max, graph.node('Log', [total])])
  const pick = (values: Value, part: Value) =>
    graph.node('Squeeze', [graph.node('GatherElements', [values, part], { axis: 0 }), first])
  const targetLogits = pick(logitsOfTargets!, graph.node('Unsqueeze', [partOfTarget, first]))
  const logprobs = graph.node('Sub', [targetLogits, graph.node('Gather', [logNormalizer, rows], { axis: 0 })])
  // the first of equal parts has the lowest ids
  const bestPart = graph.node('ArgMax', [maxima!], { axis: 0, keepdims: 1 })
  const before = graph.node('Squeeze', [graph.node('Mul', [bestPart, size]), first])
  const argmax = graph.node('Add', [before, graph.node('Cast', [pick(bests!, bestPart)], { to: 7 })])

  graph.output(logprobs, headNames.logprobs, 'float32', ['K'])
  graph.output(argmax, headNames.argmax, 'int64', ['N'])
  outputSquares(graph, hidden, 'N')
  return { model: graph.build(), weights: nodes.values.inputs() }
}

/** Final norm, unembedding and soft-cap: the logits of every token, for those who want them. */
export function logitsGraph(options: GraphOptions): BuiltGraph {
  const { spec } = options
  const graph = new GraphBuilder()
  const nodes = weightNodes(graph, options)
  const all = graph.input(headNames.hidden, 'float32', ['N', spec.dModel])
  const hidden = graph.node('Gather', [all, graph.input(headNames.rows, 'int64', ['K'])], { axis: 0 })
  const logits = softcap(graph, nodes.unembed(nodes.norm(hidden, spec.finalNorm)), spec.finalSoftcap)
  graph.output(logits, headNames.logits, 'float32', ['K', spec.vocabSize])
  outputSquares(graph, hidden, 'K')
  return { model: graph.build(), weights: nodes.values.inputs() }
}

/** Every head tells by it whether its numbers mean anything. */
function outputSquares(graph: GraphBuilder, hidden: Value, rows: string): void {
  const squares = graph.node('ReduceSum', [graph.node('Mul', [hidden, hidden]), graph.ints([1])], { keepdims: 0 })
  graph.output(squares, headNames.squares, 'float32', [rows])
}

function softcap(graph: GraphBuilder, logits: Value, cap: number | null): Value {
  if (cap === null) return logits
  const value = graph.scalar(cap)
  return graph.node('Mul', [graph.node('Tanh', [graph.node('Div', [logits, value])]), value])
}
