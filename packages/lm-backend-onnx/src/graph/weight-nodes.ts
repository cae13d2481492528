import type { GraphBuilder, Value } from '../onnx/graph-builder.js'
import type { Activation } from '../spec/activation.js'
import type { Linear, ModelSpec, Norm } from '../spec/model-spec.js'
import type { StoredTensor } from '../weights/checkpoint.js'
import type { ModelWeights } from '../weights/model-weights.js'

/** Nodes that read the model's weights. All of them compute in float32; onnxruntime folds the casts when it loads. */
export interface WeightNodes {
  /** The stored tensor as it is: float32, float16 or bfloat16. */
  stored(name: string): Value
  /** The tensor in float32. */
  float(name: string): Value
  linear(x: Value, linear: Linear): Value
  norm(x: Value, norm: Norm): Value
  /** The first half of norm: centred (LayerNorm only) and scaled, without weight and bias. `width` is the size of the last axis. */
  normalize(x: Value, width: number): Value
  /** The second half of norm: weight and bias. */
  gain(x: Value, norm: Norm): Value
  activation(x: Value, activation: Activation): Value
  /** Rows of a table [n, d] by int64 index, in float32. */
  lookup(table: string, indices: Value): Value
  readonly weights: ModelWeights
  /** A constant that lies in a file. */
  external(tensor: StoredTensor): Value
}

export function weightNodes(graph: GraphBuilder, spec: ModelSpec, weights: ModelWeights): WeightNodes {
  const floats = new Map<string, Value>()

  const external = ({ name, type, shape, location, offset, byteLength }: StoredTensor): Value => {
    return graph.initializer({ name, type, shape, data: { location, offset, length: byteLength } })
  }
  const stored = (name: string): Value => external({ ...weights.tensor(name), name })
  const toFloat = (value: Value, name: string) => {
    return weights.tensor(name).type === 'float32' ? value : graph.node('Cast', [value], { to: 1 })
  }
  const float = (name: string): Value => {
    const known = floats.get(name)
    if (known !== undefined) return known
    const value = toFloat(stored(name), name)
    floats.set(name, value)
    return value
  }
  const { kind, epsilon, unitOffset } = spec.norm
  const attributes = { axis: -1, epsilon: { float: epsilon } }
  const scale = (weight: string) => (unitOffset ? graph.node('Add', [float(weight), graph.scalar(1)]) : float(weight))
  return {
    weights,
    external,
    stored,
    float,
    linear: (x, { weight, bias, layout }) => {
      const matrix = layout === 'in_out' ? float(weight) : graph.node('Transpose', [float(weight)], { perm: [1, 0] })
      const product = graph.node('MatMul', [x, matrix])
      return bias === null ? product : graph.node('Add', [product, float(bias)])
    },
    norm: (x, { weight, bias }) => {
      if (kind === 'rms_norm') return graph.node('RMSNormalization', [x, scale(weight)], attributes)
      const inputs = bias === null ? [x, scale(weight)] : [x, scale(weight), float(bias)]
      return graph.node('LayerNormalization', inputs, attributes)
    },
    normalize: (x, width) => {
      const ones = graph.floats(new Float32Array(width).fill(1), [width])
      return graph.node(kind === 'rms_norm' ? 'RMSNormalization' : 'LayerNormalization', [x, ones], attributes)
    },
    gain: (x, { weight, bias }) => {
      const scaled = graph.node('Mul', [x, scale(weight)])
      return bias === null ? scaled : graph.node('Add', [scaled, float(bias)])
    },
    activation: (x, activation) => {
      switch (activation) {
        case 'gelu_tanh':
          return graph.node('Gelu', [x], { approximate: 'tanh' })
        case 'gelu':
          return graph.node('Gelu', [x], { approximate: 'none' })
        case 'relu':
          return graph.node('Relu', [x])
        case 'silu':
          return graph.node('Mul', [x, graph.node('Sigmoid', [x])])
      }
    },
    // cast the gathered rows, not the table: a folded float32 copy of a big vocabulary costs gigabytes
    lookup: (table, indices) => toFloat(graph.node('Gather', [stored(table), indices], { axis: 0 }), table),
  }
}
