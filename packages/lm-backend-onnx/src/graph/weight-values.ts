import { type ElementType, elementType } from '../onnx/encode-model.js'
import type { GraphBuilder, Value } from '../onnx/graph-builder.js'
import type { StoredTensor } from '../weights/checkpoint.js'
import type { Precision } from '../weights/precision.js'
import type { GraphOptions } from './graph-form.js'

/** A weight that is an input of a graph; the caller binds it to memory of the device. */
export interface GraphWeight {
  /** Name of the input. */
  readonly input: string
  /** Where its numbers are: one tensor after the other. */
  readonly tensors: readonly StoredTensor[]
  readonly shape: readonly number[]
  /** Precision to which the numbers are rounded first; float32 for none. */
  readonly precision: Precision
  /** Type in which the input holds them. */
  readonly type: ElementType
}

/** A graph, and the weights that are its inputs. */
export interface BuiltGraph {
  readonly model: Uint8Array
  readonly weights: readonly GraphWeight[]
}

/** A weight in a graph, in the type that it has there. */
export interface WeightValue {
  readonly value: Value
  readonly type: ElementType
}

/** The weights of a graph: constants that lie in files, or inputs; see GraphForm. */
export interface WeightValues {
  /** A tensor under a name, by default its own. */
  place(tensor: StoredTensor, name?: string): WeightValue
  /** Several tensors of one shape on a new first axis, [n, ...]. */
  stack(tensors: readonly StoredTensor[], name: string): WeightValue
  /** Its numbers in float32, rounded to the model's precision; by a weightNode where `early` says so. */
  toFloat(weight: WeightValue, early?: boolean): Value
  /** The inputs so far. */
  inputs(): readonly GraphWeight[]
}

/** The type in which an input holds a weight. */
export function inputType(
  { weights: { precision, kept }, form }: Pick<GraphOptions, 'weights' | 'form'>,
  { type, name, shape }: Pick<StoredTensor, 'type' | 'name' | 'shape'>,
): ElementType {
  const rounded = precision === 'float32' || type === 'uint8' ? type : precision
  // vectors are small, and used as they are
  const isVector = shape.length === 1 && type !== 'uint8'
  return isVector ? 'float32' : (kept?.get(name) ?? form.storage[rounded] ?? rounded)
}

export function weightValues(graph: GraphBuilder, { weights, form }: GraphOptions): WeightValues {
  const { precision } = weights
  const inputs = new Map<string, GraphWeight>()

  const constant = ({ name, type, shape, location, offset, byteLength }: StoredTensor): WeightValue => {
    const data = { location, offset, length: byteLength }
    return { value: graph.initializer({ name, type, shape, data }), type }
  }
  const input = (tensors: readonly StoredTensor[], shape: readonly number[], name: string): WeightValue => {
    const type = inputType({ weights, form }, { ...tensors[0]!, shape })
    const value = graph.inputOnce(`weight.${name}`, type, shape)
    inputs.set(value, { input: value, tensors, shape, precision, type })
    return { value, type }
  }
  return {
    place: (tensor, name = tensor.name) =>
      form.weights === 'constants' ? constant({ ...tensor, name }) : input([tensor], tensor.shape, name),
    stack: (tensors, name) => {
      const [{ shape, type }] = tensors as [StoredTensor]
      if (form.weights === 'inputs') return input(tensors, [tensors.length, ...shape], name)
      const parts = tensors.map((tensor, index) =>
        constant({ ...tensor, name: `${name}[${index}]`, shape: [1, ...shape] }),
      )
      const values = parts.map(({ value }) => value)
      return { value: graph.weightNode('Concat', values, { axis: 0 }), type }
    },
    toFloat: ({ value, type }, early = false) => {
      const cast = (from: Value, to: ElementType) =>
        early
          ? graph.weightNode('Cast', [from], { to: elementType[to] })
          : graph.node('Cast', [from], { to: elementType[to] })
      // inputs are rounded already
      const isRounded = form.weights === 'inputs' || precision === 'float32' || precision === type
      const rounded = isRounded ? value : cast(value, precision)
      return isRounded && type === 'float32' ? rounded : cast(rounded, 'float32')
    },
    inputs: () => [...inputs.values()],
  }
}
