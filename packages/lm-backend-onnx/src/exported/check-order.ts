import { InputError } from '@saeval/hub'
import { shown } from '@saeval/hub/checks'
import { filePrefix } from '../onnx/decode-model.js'
import type { Subgraph } from '../onnx/encode-model.js'
import { readsOf, subgraphsOf } from './value-graph.js'

/** Throws InputError where a node, also one of a branch or body, reads what is made later, or makes what is there: graphs have no circles. */
export function checkOrder(name: string, { nodes }: Pick<Subgraph, 'nodes'>): void {
  const refuse = (value: string, what: string) =>
    new InputError(
      `${name}: the value ${shown(value.slice(filePrefix.length))} is ${what}; the file is damaged or was written wrongly: download or export it again`,
    )
  const later = new Set<string>()
  for (const value of nodes.flatMap(({ outputs }) => outputs)) {
    if (value === '') continue
    if (later.has(value)) throw refuse(value, 'computed twice')
    later.add(value)
  }
  for (const node of nodes) {
    const early = readsOf(node).find((value) => later.has(value))
    if (early !== undefined) throw refuse(early, 'read before it is computed')
    for (const output of node.outputs) later.delete(output)
    for (const inner of subgraphsOf(node)) checkOrder(name, inner)
  }
}
