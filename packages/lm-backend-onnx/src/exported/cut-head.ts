import { headNames } from '../graph/head-graph.js'
import { elementType } from '../onnx/encode-model.js'
import type { GraphBuilder, Value } from '../onnx/graph-builder.js'
import { finalPlace } from './cut-body.js'
import type { ExportedFile } from './exported-file.js'
import { fileNodes } from './file-nodes.js'

/** Input of the heads of a file: int64 [n], the hidden states of a run; target_rows counts among them. */
export const partInput = 'part'

/**
 * What comes after a file's last layer, for some of the hidden states, reduced as headGraph does, or all of their logits. Each of them is a row of one
 * token, so that a graph that keeps the last token's logits alone keeps them all.
 */
export function cutHead(exported: ExportedFile, reduces: boolean): Uint8Array {
  const { spec, file, prompts } = exported
  const { graph, replace, end, give, take, inFloat } = fileNodes(exported, prompts, () => {
    throw new Error('a head has no rows of tokens')
  })
  const all = graph.input(headNames.hidden, 'float32', ['N', spec.dModel])
  const part = graph.input(partInput, 'int64', ['n'])
  const hidden = graph.node('Gather', [all, part], { axis: 0 })
  const final = finalPlace(exported, prompts.sites)
  const rows = graph.node('Unsqueeze', [hidden, graph.ints([1])])
  // only their shape is read after the last layer
  for (const input of [file.tokens, file.positions, file.mask])
    if (input !== null)
      give(
        input,
        graph.node('Cast', [graph.node('Unsqueeze', [part, graph.ints([1])])], { to: file.types.get(input)! }),
      )
  if (file.keeps !== null) {
    const zero = graph.ints([0], [])
    const type = file.types.get(file.keeps)!
    give(file.keeps, type === elementType.int64 ? zero : graph.node('Cast', [zero], { to: type }))
  }
  end(final.value)
  replace(final, rows)
  take([file.logits])
  const logits = graph.node('Reshape', [inFloat(file.logits), graph.ints([-1, spec.vocabSize])])
  if (!reduces) {
    graph.output(logits, headNames.logits, 'float32', ['n', spec.vocabSize])
  } else {
    const { logprobs, argmax } = reduced(graph, logits)
    graph.output(logprobs, headNames.logprobs, 'float32', ['K'])
    graph.output(argmax, headNames.argmax, 'int64', ['n'])
  }
  const squares = graph.node('ReduceSum', [graph.node('Mul', [hidden, hidden]), graph.ints([1])], { keepdims: 0 })
  graph.output(squares, headNames.squares, 'float32', ['n'])
  return graph.build()
}

/** Of logits [n, vocab]: the log-probabilities of targets, and the most likely tokens. */
function reduced(graph: GraphBuilder, logits: Value) {
  const last = graph.ints([1])
  const rows = graph.input(headNames.rows, 'int64', ['K'])
  const targets = graph.input(headNames.targets, 'int64', ['K'])
  const max = graph.node('ReduceMax', [logits, last], { keepdims: 1 })
  const exp = graph.node('Exp', [graph.node('Sub', [logits, max])])
  const sum = graph.node('ReduceSum', [exp, last], { keepdims: 1 })
  const normalizer = graph.node('Squeeze', [graph.node('Add', [max, graph.node('Log', [sum])]), last])
  const columns = [rows, targets].map((value) => graph.node('Unsqueeze', [value, last]))
  const logitsOfTargets = graph.node('GatherND', [logits, graph.node('Concat', columns, { axis: 1 })])
  return {
    logprobs: graph.node('Sub', [logitsOfTargets, graph.node('Gather', [normalizer, rows], { axis: 0 })]),
    argmax: graph.node('ArgMax', [logits], { axis: 1, keepdims: 0 }),
  }
}
