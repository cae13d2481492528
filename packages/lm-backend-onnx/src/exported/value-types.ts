import type { FileModel } from '../onnx/decode-model.js'
import { elementType } from '../onnx/encode-model.js'
import { numberAttribute, tensorAttributeType } from '../onnx/read-attribute.js'

const { float32, int64, bool } = elementType

/** Operators whose output has another type than their first input: the type, or the input that has it. */
const exceptions: Readonly<Record<string, { readonly type: number } | { readonly input: number }>> = {
  Shape: { type: int64 },
  Size: { type: int64 },
  NonZero: { type: int64 },
  ArgMax: { type: int64 },
  ArgMin: { type: int64 },
  Equal: { type: bool },
  Less: { type: bool },
  LessOrEqual: { type: bool },
  Greater: { type: bool },
  GreaterOrEqual: { type: bool },
  IsNaN: { type: bool },
  IsInf: { type: bool },
  Where: { input: 1 },
  DequantizeLinear: { input: 1 },
  'com.microsoft.DequantizeLinear': { input: 1 },
  'com.microsoft.GatherBlockQuantized': { input: 2 },
}

/** Types (TensorProto.DataType) of a file's values, as far as they follow from the types of its inputs and constants. */
export function valueTypes({
  nodes,
  tensors,
  inputs,
}: Pick<FileModel, 'nodes' | 'tensors' | 'inputs'>): ReadonlyMap<string, number> {
  const types = new Map<string, number>([...tensors, ...inputs].map(({ name, type }) => [name, type]))
  for (const node of nodes) {
    const { op, inputs, outputs } = node
    const exception = exceptions[op]
    const type =
      op === 'Cast'
        ? numberAttribute(node, 'to')
        : op === 'Constant' || op === 'ConstantOfShape'
          ? (tensorAttributeType(node, 'value') ?? (op === 'Constant' ? int64 : float32))
          : exception !== undefined && 'type' in exception
            ? exception.type
            : types.get(inputs[exception?.input ?? 0] ?? '')
    if (type == null) continue
    for (const output of outputs) if (output !== '') types.set(output, type)
  }
  return types
}
