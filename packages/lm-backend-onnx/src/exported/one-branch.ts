import type { FileModel } from '../onnx/decode-model.js'
import type { Node } from '../onnx/encode-model.js'
import { renameValues } from './rename-values.js'
import { subgraphsOf } from './value-graph.js'

/**
 * A file whose graph is one If, as optimum merges a decoder with and one without past keys and values: the branch that is taken where `condition` is
 * `taken`, in its place. Other files as they are.
 */
export function oneBranch<Model extends Pick<FileModel, 'nodes' | 'tensors'>>(
  model: Model,
  condition: string | null,
  taken: boolean,
): Model {
  if (condition === null) return model
  const key = taken ? 'then_branch' : 'else_branch'
  const tensors = [...model.tensors]
  const nodes = model.nodes.flatMap((node): Node[] => {
    if (node.op !== 'If' || node.inputs[0] !== condition) return [node]
    const branch = subgraphsOf({ ...node, attributes: { [key]: node.attributes[key]! } })[0]!
    // a branch may have the names of the graph around it for its own
    const own = new Set(
      [...branch.tensors, ...branch.nodes.flatMap(({ outputs }) => outputs.map((name) => ({ name })))].map(
        ({ name }) => name,
      ),
    )
    const inside = (name: string) => (own.has(name) ? `${name}.${key}` : name)
    tensors.push(...branch.tensors.map((tensor) => ({ ...tensor, name: inside(tensor.name) })))
    const outputs = branch.outputs.map(({ name }, index): Node => {
      const output = node.outputs[index]!
      return { op: 'Identity', name: `${output}.of_branch`, inputs: [inside(name)], outputs: [output], attributes: {} }
    })
    return [...branch.nodes.map((inner) => renameValues(inner, inside)), ...outputs]
  })
  return { ...model, nodes, tensors }
}
