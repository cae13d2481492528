import type { GraphBuilder, Value } from '../onnx/graph-builder.js'
import type { Activation, Linear, ModelSpec, Norm } from '../spec/model-spec.js'
import type { ModelWeights } from '../weights/model-weights.js'

/** Nodes that read the model's weights. All of them compute in float32; onnxruntime folds the casts when it loads. */
export interface WeightNodes {
  /** The stored tensor as it is: float32, float16 or bfloat16. */
  stored(name: string): Value
  /** The tensor in float32. */
  float(name: string): Value
  linear(x: Value, linear: Linear): Value
  norm(x: Value, norm: Norm): Value
  activation(x: Value, activation: Activation): Value
  /** Rows of a table [n, d] by int64 index, in float32. */
  lookup(table: string, indices: Value): Value
}

export function weightNodes(graph: GraphBuilder, spec: ModelSpec, weights: ModelWeights): WeightNodes {
  const floats = new Map<string, Value>()

  const stored = (name: string): Value => {
    const { type, shape, location, offset, byteLength } = weights.tensor(name)
    return graph.initializer({ name, type, shape, data: { location, offset, length: byteLength } })
  }
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
  return {
    stored,
    float,
    linear: (x, { weight, bias, layout }) => {
      const matrix = layout === 'in_out' ? float(weight) : graph.node('Transpose', [float(weight)], { perm: [1, 0] })
      const product = graph.node('MatMul', [x, matrix])
      return bias === null ? product : graph.node('Add', [product, float(bias)])
    },
    norm: (x, { weight, bias }) => {
      const { kind, epsilon, unitOffset } = spec.norm
      const gain = unitOffset ? graph.node('Add', [float(weight), graph.scalar(1)]) : float(weight)
      const attributes = { axis: -1, epsilon: { float: epsilon } }
      if (kind === 'rms_norm') return graph.node('RMSNormalization', [x, gain], attributes)
      return graph.node('LayerNormalization', bias === null ? [x, gain] : [x, gain, float(bias)], attributes)
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
