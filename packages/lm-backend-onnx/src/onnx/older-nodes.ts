import type { Initializer, Node, StoredInitializer } from './encode-model.js'

/** Operators whose axes are an attribute before version 18, and an input from then on. */
const withAxes = new Set(['ReduceMean', 'ReduceMax', 'ReduceMin'])

/** The first version whose operators the builders' nodes can be written in. */
export const oldestOpset = 13

/**
 * A node of the builders, which write those of version 23, for an older version of the standard's operators, from `oldestOpset` on. `constant` finds the
 * constants of its graph.
 */
export function olderNodes(
  node: Node,
  opset: number,
  constant: (name: string) => Initializer | StoredInitializer | undefined,
): Node[] {
  const { op, name, inputs, outputs, attributes } = node
  if (opset < 18 && withAxes.has(op) && inputs.length === 2) {
    const axes = constant(inputs[1]!)
    if (axes === undefined || 'stored' in axes || !(axes.data instanceof Uint8Array))
      throw new Error(`the axes of ${name} are no constant of the graph`)
    const numbers = Array.from(new BigInt64Array(axes.data.slice().buffer), Number)
    return [{ ...node, inputs: [inputs[0]!], attributes: { ...attributes, axes: numbers } }]
  }
  if (opset < 15 && op === 'Shape' && ('start' in attributes || 'end' in attributes)) {
    const { start = 0, end } = attributes as { readonly start?: number; readonly end?: number }
    const whole = `${name}.whole`
    const ints = (suffix: string, value: number): Node => {
      return {
        op: 'Constant',
        name: `${name}.${suffix}`,
        inputs: [],
        outputs: [`${name}.${suffix}`],
        attributes: { value_ints: [value] },
      }
    }
    return [
      { op: 'Shape', name: whole, inputs, outputs: [whole], attributes: {} },
      ints('start', start),
      ints('end', end ?? 2 ** 31 - 1),
      { op: 'Slice', name, inputs: [whole, `${name}.start`, `${name}.end`], outputs, attributes: {} },
    ]
  }
  return [node]
}
