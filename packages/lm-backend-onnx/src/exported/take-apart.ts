import type { Attribute, Node } from '../onnx/encode-model.js'

/** Fused operators -> the norm that they end with. */
const fusedNorms: Readonly<Record<string, string>> = {
  'com.microsoft.SkipLayerNormalization': 'LayerNormalization',
  'com.microsoft.SkipSimplifiedLayerNormalization': 'SimplifiedLayerNormalization',
}

/**
 * A norm that is fused with the addition before it as the two nodes that it stands for, so that there is a value between them. onnxruntime's
 * ContribOperators.md: inputs are input, skip, gamma, beta (not of the simplified norm) and bias; outputs the norm, its mean and deviation, and the sum.
 * The bias belongs to the one of the two that hangs on the other.
 */
export function takeApart(node: Node, hangsOn: (value: string, other: string) => boolean): Node[] {
  const norm = fusedNorms[node.op]
  if (norm === undefined) return [node]
  const { name, inputs, outputs, attributes } = node
  const hasBeta = norm === 'LayerNormalization'
  const [input, skip, gamma] = inputs as [string, string, string]
  const beta = hasBeta ? (inputs[3] ?? '') : ''
  const bias = inputs[hasBeta ? 4 : 3] ?? ''
  const sum = outputs[3] || `${name || outputs[0]}.sum`
  const [branch, stream] = bias !== '' && hangsOn(input, skip) ? [input, skip] : [skip, input]
  const biased = bias === '' ? branch : `${sum}.biased`
  const add = (of: string[], output: string): Node => {
    return { op: 'Add', name: `${output}.add`, inputs: of, outputs: [output], attributes: {} }
  }
  const kept: Readonly<Record<string, Attribute>> =
    'epsilon' in attributes ? { epsilon: attributes.epsilon! } : { epsilon: { float: 1e-12 } }
  return [
    ...(bias === '' ? [] : [add([branch, bias], biased)]),
    add([stream, biased], sum),
    {
      op: norm,
      name,
      inputs: [sum, gamma, ...(beta === '' ? [] : [beta])],
      outputs: outputs.slice(0, 1),
      attributes: { ...kept, axis: -1 },
    },
  ]
}
