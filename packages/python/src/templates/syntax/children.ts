import type { Arguments, Expression, Statement, Target } from './nodes.js'

/** Any node of a template's tree. */
export type AnyNode = Expression | Statement | Target

function ofArguments({ args, keywords, spread, spreadKeywords }: Arguments): AnyNode[] {
  const rest = [spread, spreadKeywords].filter((node) => node !== null)
  return [...args, ...keywords.map(([, value]) => value), ...rest]
}

/** The nodes directly below one, in the order in which Jinja visits them. */
export function childrenOf(node: AnyNode): readonly AnyNode[] {
  switch (node.kind) {
    case 'tuple':
    case 'list':
    case 'targets':
      return node.items
    case 'dict':
      return node.items.flat()
    case 'condition':
      return node.no === null ? [node.test, node.yes] : [node.test, node.yes, node.no]
    case 'filter':
      return node.node === null ? ofArguments(node) : [node.node, ...ofArguments(node)]
    case 'test':
    case 'call':
      return [node.node, ...ofArguments(node)]
    case 'attribute':
    case 'unary':
      return [node.node]
    case 'item':
      return [node.node, node.key]
    case 'slice':
      return [node.start, node.stop, node.step].filter((part) => part !== null)
    case 'concat':
      return node.nodes
    case 'compare':
      return [node.node, ...node.operands.map(([, operand]) => operand)]
    case 'binary':
    case 'and':
    case 'or':
      return [node.left, node.right]
    case 'output':
      return node.nodes.filter((part) => typeof part !== 'string')
    case 'for':
      return [node.target, node.iterable, ...node.body, ...node.otherwise, ...(node.test === null ? [] : [node.test])]
    case 'if':
      return [node.test, ...node.body, ...node.alternatives, ...node.otherwise]
    case 'macro':
      return [...node.defaults, ...node.body]
    case 'callBlock':
      return [node.call, ...node.defaults, ...node.body]
    case 'filterBlock':
      return [...node.body, node.filter]
    case 'with':
      return [...node.targets, ...node.values, ...node.body]
    case 'autoescape':
      return [node.value, ...node.body]
    case 'generation':
    case 'block':
      return node.body
    case 'assign':
      return [node.target, node.value]
    case 'assignBlock':
      return node.filter === null ? [node.target, ...node.body] : [node.target, node.filter, ...node.body]
    case 'include':
    case 'extends':
    case 'import':
      return [node.template]
    default:
      return []
  }
}

/** All nodes below some, and these. */
export function* descendants(nodes: readonly AnyNode[]): Generator<AnyNode> {
  const waiting = [...nodes].reverse()
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    yield node
    waiting.push(...childrenOf(node).toReversed())
  }
}

/** Which of these names are read before they are assigned to, blocks aside (Jinja's find_undeclared). */
export function undeclared(nodes: readonly AnyNode[], names: readonly string[]): Set<string> {
  const left = new Set(names)
  const found = new Set<string>()
  const visit = (node: AnyNode): void => {
    if (node.kind === 'block') return
    if (node.kind === 'name') {
      if (left.has(node.name)) found.add(node.name)
      else left.delete(node.name)
    } else if (node.kind === 'store') left.delete(node.name)
    else if (node.kind === 'macro' || node.kind === 'callBlock') {
      if (node.kind === 'callBlock') visit(node.call)
      // parameters are assignments to their names
      for (const parameter of node.parameters) left.delete(parameter)
      for (const child of [...node.defaults, ...node.body]) visit(child)
      return
    }
    for (const child of childrenOf(node)) visit(child)
  }
  for (const node of nodes) visit(node)
  return found
}
