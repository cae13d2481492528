import { GraphBuilder } from '../onnx/graph-builder.js'
import type { ModelSpec } from '../spec/model-spec.js'
import type { ModelWeights } from '../weights/model-weights.js'
import { weightNodes } from './weight-nodes.js'

/** Names of the head's inputs and outputs. N = hidden states, K = targets. */
export const headNames = {
  /** float32 [N, d_model], before the final norm */
  hidden: 'hidden',
  /** int64 [K]: which hidden state predicts the target */
  rows: 'target_rows',
  /** int64 [K]: the target's token id */
  targets: 'target_ids',
  /** float32 [K]: log-probability of each target */
  logprobs: 'target_logprobs',
  /** int64 [N]: most likely next token, the lowest id of equals */
  argmax: 'argmax',
  /** float32 [N, vocab]: raw logits after any soft-cap; fetched only where a caller needs all of them */
  logits: 'logits',
} as const

/** Final norm, unembedding and the reduction to what scoring needs, all in float32. */
export function headGraph(spec: ModelSpec, weights: ModelWeights): Uint8Array {
  const graph = new GraphBuilder()
  const nodes = weightNodes(graph, spec, weights)
  const hidden = graph.input(headNames.hidden, 'float32', ['N', spec.dModel])
  const rows = graph.input(headNames.rows, 'int64', ['K'])
  const targets = graph.input(headNames.targets, 'int64', ['K'])

  const normed = nodes.norm(hidden, spec.finalNorm)
  const raw = nodes.unembed(normed)
  const logits = spec.finalSoftcap === null ? raw : softcap(graph, raw, spec.finalSoftcap)

  const last = graph.ints([1])
  const max = graph.node('ReduceMax', [logits, last], { keepdims: 1 })
  const total = graph.node('ReduceSum', [graph.node('Exp', [graph.node('Sub', [logits, max])]), last], { keepdims: 1 })
  const logNormalizer = graph.node('Squeeze', [graph.node('Add', [max, graph.node('Log', [total])]), last])
  const pairs = graph.node(
    'Concat',
    [graph.node('Unsqueeze', [rows, last]), graph.node('Unsqueeze', [targets, last])],
    { axis: 1 },
  )
  const targetLogits = graph.node('GatherND', [logits, pairs])
  const logprobs = graph.node('Sub', [targetLogits, graph.node('Gather', [logNormalizer, rows], { axis: 0 })])

  graph.output(logprobs, headNames.logprobs, 'float32', ['K'])
  graph.output(graph.node('ArgMax', [logits], { axis: 1, keepdims: 0 }), headNames.argmax, 'int64', ['N'])
  graph.output(logits, headNames.logits, 'float32', ['N', spec.vocabSize])
  return graph.build()
}

function softcap(graph: GraphBuilder, logits: string, cap: number): string {
  const value = graph.scalar(cap)
  return graph.node('Mul', [graph.node('Tanh', [graph.node('Div', [logits, value])]), value])
}
