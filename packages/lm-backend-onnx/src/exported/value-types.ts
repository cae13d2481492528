import type { FileModel } from '../onnx/decode-model.js'
import { elementType, type Node } from '../onnx/encode-model.js'
import { numberAttribute, tensorAttributeType } from '../onnx/read-attribute.js'

const { float32, int32, int64, bool } = elementType

/** Where the type of an output is from: a type, inputs of which each has it, or a function of the node. */
type Rule = number | { readonly inputs: readonly number[] } | ((node: Node) => number | null)

const first: Rule = { inputs: [0] }
const any: Rule = { inputs: [0, 1, 2, 3] }
const nth = (input: number): Rule => ({ inputs: [input] })
const rules = (names: string, ...outputs: readonly (Rule | null)[]) =>
  names.split(' ').map((op) => [op, outputs] as const)

/** Operators and the types of their outputs, as ONNX' Operators.md and onnxruntime's ContribOperators.md say; of others, and where null stands, none is known. */
const known: ReadonlyMap<string, readonly (Rule | null)[]> = new Map([
  ...rules(
    'Identity Dropout Not Neg Abs Sign Ceil Floor Round Clip Relu LeakyRelu Elu Celu Selu Sigmoid HardSigmoid',
    first,
  ),
  ...rules('HardSwish Mish Swish Softplus Softsign Gelu Erf Exp Log Sqrt Reciprocal Sin Cos Tan Tanh Pow Trilu', first),
  ...rules('Softmax LogSoftmax CumSum ReduceMean ReduceSum ReduceMax ReduceMin ReduceProd ReduceL1 ReduceL2', first),
  ...rules(
    'ReduceSumSquare ReduceLogSum ReduceLogSumExp Reshape Flatten Transpose Squeeze Unsqueeze Expand Tile Slice',
    first,
  ),
  ...rules('Pad Gather GatherElements GatherND ScatterND ScatterElements Compress RotaryEmbedding', first),
  ...rules('com.microsoft.RotaryEmbedding com.microsoft.Gelu', first),
  ...rules(
    'com.microsoft.FastGelu com.microsoft.QuickGelu com.microsoft.BiasGelu com.microsoft.MoE com.microsoft.QMoE',
    first,
  ),
  ...rules('com.microsoft.MatMulNBits com.microsoft.MatMulBnb4', { inputs: [0, 2] }),
  ...rules('Add Sub Mul Div Mod Min Max Sum Mean MatMul Gemm Einsum Concat Range And Or Xor PRelu', any),
  ...rules('com.microsoft.FusedMatMul', any),
  ...rules('Split', ...Array<Rule>(64).fill(first)),
  ...rules('TopK', first, int64),
  ...rules('LayerNormalization SimplifiedLayerNormalization RMSNormalization', nth(1)),
  ...rules(
    'com.microsoft.SkipLayerNormalization com.microsoft.SkipSimplifiedLayerNormalization',
    first,
    null,
    null,
    first,
  ),
  ...rules('Attention com.microsoft.Attention com.microsoft.GroupQueryAttention', first, first, first),
  ...rules('com.microsoft.MultiHeadAttention', first, first, first),
  ...rules('Shape Size NonZero ArgMax ArgMin', int64),
  ...rules('Equal Less LessOrEqual Greater GreaterOrEqual IsNaN IsInf', bool),
  ...rules('MatMulInteger', int32),
  ...rules('Where', { inputs: [1, 2] }),
  ...rules('CastLike DequantizeLinear com.microsoft.DequantizeLinear', nth(1)),
  ...rules('OneHot com.microsoft.GatherBlockQuantized', nth(2)),
  ...rules('Cast', (node) => numberAttribute(node, 'to')),
  ...rules('ConstantOfShape', (node) => tensorAttributeType(node, 'value') ?? float32),
  ...rules('Constant', (node) => tensorAttributeType(node, 'value') ?? listType(node)),
])

function listType({ attributes }: Node): number | null {
  const has = (...names: string[]) => names.some((name) => name in attributes)
  return has('value_int', 'value_ints') ? int64 : has('value_float', 'value_floats') ? float32 : null
}

/** Types (TensorProto.DataType) of a file's values, as far as they are known to follow from those of its inputs, outputs and constants. */
export function valueTypes({
  nodes,
  tensors,
  inputs,
  outputs,
}: Pick<FileModel, 'nodes' | 'tensors' | 'inputs' | 'outputs'>): ReadonlyMap<string, number> {
  const said = [...tensors, ...inputs, ...outputs].filter(({ type }) => type !== 0)
  const types = new Map<string, number>(said.map(({ name, type }) => [name, type]))
  const typeBy = (rule: Rule, node: Node): number | null => {
    if (typeof rule === 'number') return rule
    if (typeof rule === 'function') return rule(node)
    return rule.inputs.map((input) => types.get(node.inputs[input] ?? '')).find((type) => type !== undefined) ?? null
  }
  for (const node of nodes) {
    eachOutput(node, (output, rule) => {
      const type = rule === null || types.has(output) ? null : typeBy(rule, node)
      if (type !== null) types.set(output, type)
    })
  }
  // what is multiplied with or added to a known type has it too
  for (const node of [...nodes].reverse()) {
    eachOutput(node, (output, rule) => {
      const type = types.get(output)
      if (type === undefined || rule === null || typeof rule !== 'object') return
      const inputs = rule.inputs.map((input) => node.inputs[input] ?? '')
      for (const input of inputs) if (input !== '' && !types.has(input)) types.set(input, type)
    })
  }
  return types
}

function eachOutput({ op, outputs }: Node, take: (output: string, rule: Rule | null) => void): void {
  const own = known.get(op) ?? []
  outputs.forEach((output, index) => {
    if (output !== '') take(output, own[index] ?? null)
  })
}
