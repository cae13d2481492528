import { elementType } from '../onnx/encode-model.js'
import type { GraphBuilder, Value } from '../onnx/graph-builder.js'
import type { Activation } from '../spec/activation.js'
import type { Linear, Norm } from '../spec/model-spec.js'
import { type StoredTensor, tensorRows } from '../weights/checkpoint.js'
import type { ModelWeights, QuantizedMatrices } from '../weights/model-weights.js'
import { blockSize } from '../weights/quantize-rows.js'
import { type GraphOptions, vocabularyPart } from './graph-form.js'
import { type WeightValue, type WeightValues, weightValues } from './weight-values.js'

/** Nodes that read the model's weights. All of them compute in float32, with weights rounded to the model's precision. */
export interface WeightNodes {
  readonly weights: ModelWeights
  /** The weights themselves. */
  readonly values: WeightValues
  /** The tensor in float32. */
  float(name: string): Value
  /** x [B, T, in] to [B, T, out]. */
  linear(x: Value, linear: Linear): Value
  /** Logits [N, vocab] of x [N, d_model]. */
  unembed(x: Value): Value
  /**
   * What `reduce` makes of the logits [N, width] of x [N, d_model], part after part of the vocabulary, as [parts, values]: `reduce` gives as many
   * values for each part. Parts have vocabularyPart(spec, form) tokens, the last one perhaps less. `start` is a part's first token; of a mapped
   * model, whose parts are built once for all, it is 0.
   */
  unembedParts(x: Value, reduce: (logits: Value, width: number, start: number) => Value): Value
  norm(x: Value, norm: Norm): Value
  /** The first half of norm: centred (LayerNorm only) and scaled, without weight and bias. `width` is the size of the last axis. */
  normalize(x: Value, width: number): Value
  /** The second half of norm: weight and bias. */
  gain(x: Value, norm: Norm): Value
  activation(x: Value, activation: Activation): Value
  /** Rows of a table [n, d] by int64 index, in float32. */
  lookup(table: string, indices: Value): Value
}

// numbers of any other matrix that are converted at a time: 4 MB in float32
const convertedAtOnce = 2 ** 20

/**
 * Rows of a matrix that are converted at a time: a divisor of their number, all of them where it has none of a good size. A matrix that is
 * converted whole is written to memory and read from there, which takes as long as a product with a few tokens.
 */
function rowsAtOnce(width: number, rows: number): number {
  const most = Math.floor(convertedAtOnce / width)
  let step = Math.min(rows, most)
  while (step > most / 4 && rows % step > 0) step--
  return step > most / 4 ? step : rows
}

export function weightNodes(graph: GraphBuilder, { spec, weights, form }: GraphOptions): WeightNodes {
  const floats = new Map<string, Value>()
  const values = weightValues(graph, { spec, weights, form })
  const { place, toFloat } = values
  const { precision, residence, quantized } = weights
  const stored = (name: string) => place(weights.tensor(name), name)
  const float = (name: string): Value => {
    const known = floats.get(name)
    if (known !== undefined) return known
    const value = toFloat(stored(name), true)
    floats.set(name, value)
    return value
  }
  const { kind, epsilon, unitOffset } = spec.norm
  const attributes = { axis: -1, epsilon: { float: epsilon } }
  const scale = (weight: string) => (unitOffset ? graph.node('Add', [float(weight), graph.scalar(1)]) : float(weight))
  /** x [B, T, in] times the transpose of a matrix [out, in]. */
  const timesTransposed = (x: Value, matrix: Value, inFeatures: number, outFeatures: number) => {
    if (form.transposedProducts === 'fused_matmul')
      return graph.node('com.microsoft.FusedMatMul', [x, matrix], { transB: 1 })
    const flat = graph.node('Reshape', [x, graph.ints([-1, inFeatures])])
    const shape = graph.node('Concat', [graph.node('Shape', [x], { end: -1 }), graph.ints([outFeatures])], { axis: 0 })
    return graph.node('Reshape', [graph.node('Gemm', [flat, matrix], { transB: 1 }), shape])
  }
  const timesQuantized = (
    { bits, matrix }: QuantizedMatrices,
    x: Value,
    wanted: Parameters<typeof matrix>[0],
    [start, end]: readonly [number, number] = [0, wanted.outFeatures],
  ) => {
    const { codes, scales } = matrix(wanted)
    const part = (tensor: StoredTensor) => place(tensorRows(tensor, wanted.outFeatures, start, end)).value
    return graph.node('com.microsoft.MatMulNBits', [x, part(codes), part(scales)], {
      K: wanted.inFeatures,
      N: end - start,
      bits,
      block_size: blockSize,
      // 4: activations are rounded to 8 bits; 1: they are float32
      accuracy_level: bits === 8 && form.activationsOf8Bits === 'int8' ? 4 : 1,
    })
  }
  /** A product whose matrix is converted so many rows at a time; see rowsAtOnce. */
  const timesParts = (x: Value, name: string, step: number): Value => {
    const whole = weights.tensor(name)
    const [rows, width] = whole.shape as [number, number]
    const parts = place({ ...whole, name: `${name}[parts]`, shape: [rows / step, step, width] })
    const stacked = graph.forEachPart(
      parts.value,
      { type: whole.type, shape: [step, width] },
      ['B', 'T', step],
      (part) => timesTransposed(x, toFloat({ value: part, type: whole.type }), width, step),
    )
    return graph.node('Reshape', [graph.node('Transpose', [stacked], { perm: [1, 2, 0, 3] }), graph.ints([0, 0, rows])])
  }
  const vocabularyParts = () => {
    const step = vocabularyPart(spec, form)
    return Array.from({ length: Math.ceil(spec.vocabSize / step) }, (_, index) => {
      return [index * step, Math.min((index + 1) * step, spec.vocabSize)] as const
    })
  }
  /** Rows [start, end) of a table. An input is whole, as others read it: the device copies the rows. */
  const rowsOf = (name: string, start: number, end: number): WeightValue => {
    if (form.weights === 'constants') return place(weights.rows(name, start, end))
    const whole = stored(name)
    if (start === 0 && end === weights.tensor(name).shape[0]) return whole
    const axis = graph.ints([0])
    return { ...whole, value: graph.weightNode('Slice', [whole.value, graph.ints([start]), graph.ints([end]), axis]) }
  }
  /** Logits [N, end - start] of tokens [start, end). */
  const logitsOf = (x: Value, start: number, end: number): Value => {
    const weight = spec.unembedding
    if (quantized === null) {
      return graph.node('Gemm', [x, toFloat(rowsOf(weight, start, end), true)], { transB: 1 })
    }
    const sizes = { inFeatures: spec.dModel, outFeatures: spec.vocabSize }
    return timesQuantized(quantized, x, { weight, layout: 'out_in', ...sizes }, [start, end])
  }
  const times = (x: Value, { weight, layout, inFeatures, outFeatures }: Linear) => {
    if (quantized !== null) return timesQuantized(quantized, x, { weight, layout, inFeatures, outFeatures })
    if (form.products === 'bfloat16') {
      const [narrow, matrix] = [graph.node('Cast', [x], { to: elementType.bfloat16 }), stored(weight).value]
      const product =
        layout === 'in_out'
          ? graph.node('MatMul', [narrow, matrix])
          : timesTransposed(narrow, matrix, inFeatures, outFeatures)
      return graph.node('Cast', [product], { to: elementType.float32 })
    }
    if (layout === 'in_out') return graph.node('MatMul', [x, float(weight)])
    const { type } = weights.tensor(weight)
    const isConverted = precision !== 'float32' || type !== 'float32'
    const step = rowsAtOnce(inFeatures, outFeatures)
    if (residence !== 'mapped' || !isConverted || step === outFeatures)
      return timesTransposed(x, float(weight), inFeatures, outFeatures)
    return timesParts(x, weight, step)
  }
  return {
    weights,
    values,
    float,
    linear: (x, linear) => {
      const product = times(x, linear)
      return linear.bias === null ? product : graph.node('Add', [product, float(linear.bias)])
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
    unembed: (x) => {
      const parts = vocabularyParts().map(([start, end]) => logitsOf(x, start, end))
      return parts.length === 1 ? parts[0]! : graph.node('Concat', parts, { axis: -1 })
    },
    unembedParts: (x, reduce) => {
      const axis = graph.ints([0])
      const reduced = ([start, end]: readonly [number, number]) =>
        graph.node('Unsqueeze', [reduce(logitsOf(x, start, end), end - start, start), axis])
      const parts = vocabularyParts()
      const step = parts[0]![1]
      const full = Math.floor(spec.vocabSize / step)
      if (residence !== 'mapped' || quantized !== null || full === 1) {
        return graph.node('Concat', parts.map(reduced), { axis: 0 })
      }
      // one mapping and few nodes, however large the vocabulary
      const rows = weights.rows(spec.unembedding, 0, full * step)
      const stacked = place({ ...rows, name: `${rows.name}[parts]`, shape: [full, step, spec.dModel] })
      const found = graph.forEachPart(
        stacked.value,
        { type: rows.type, shape: [step, spec.dModel] },
        ['values'],
        (part) => reduce(graph.node('Gemm', [x, toFloat({ value: part, type: rows.type })], { transB: 1 }), step, 0),
      )
      return graph.node('Concat', [found, ...parts.slice(full).map(reduced)], { axis: 0 })
    },
    // convert the gathered rows, not the table
    lookup: (table, indices) => {
      const { value, type } = stored(table)
      return toFloat({ value: graph.node('Gather', [value, indices], { axis: 0 }), type })
    },
  }
}
