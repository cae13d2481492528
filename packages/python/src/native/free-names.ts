import type { Expression } from './syntax.js'
import { Unsupported } from './unsupported.js'

/** Names that a piece of syntax takes from outside, and the attributes it uses. */
export class Names {
  readonly free = new Set<string>()
  readonly attributes = new Set<string>()

  constructor(syntax: unknown) {
    this.#visit(syntax, new Set())
  }

  #visit(node: unknown, local: ReadonlySet<string>): void {
    if (Array.isArray(node)) {
      const own = new Set(local)
      for (const part of node) for (const name of bound(part)) own.add(name)
      for (const part of node) this.#visit(part, own)
      return
    }
    if (typeof node !== 'object' || node === null) return
    const { kind } = node as { kind?: string }
    if (kind === 'constant') return
    if (kind === 'name') {
      const { name } = node as { name: string }
      if (!local.has(name)) this.free.add(name)
      return
    }
    if (kind === 'attribute') this.attributes.add((node as { name: string }).name)
    if (kind === 'raise') return
    if (kind === 'import') throw new Unsupported('import in a function')
    const own = new Set([...local, ...bound(node), ...inside(node)])
    for (const value of Object.values(node)) this.#visit(value, own)
  }
}

/** Names that a statement binds in the block it stands in. */
function bound(node: unknown): string[] {
  if (typeof node !== 'object' || node === null) return []
  const { kind } = node as { kind?: string }
  switch (kind) {
    case 'def':
      return [(node as { name: string }).name]
    case 'assign':
      return (node as unknown as { targets: Expression[] }).targets.flatMap(targetNames)
    case 'for':
    case 'change':
      return [
        ...targetNames((node as unknown as { target: Expression }).target),
        ...((node as { body?: unknown[] }).body ?? []).flatMap(bound),
      ]
    case 'if':
      return [
        ...(node as unknown as { body: unknown[] }).body.flatMap(bound),
        ...(node as unknown as { otherwise: unknown[] }).otherwise.flatMap(bound),
      ]
    case 'while':
    case 'try':
      return [
        ...(node as unknown as { body: unknown[] }).body.flatMap(bound),
        ...((node as { handlers?: { body: unknown[] }[] }).handlers ?? []).flatMap(({ body }) => body.flatMap(bound)),
      ]
    default:
      return []
  }
}

/** Names that a function or comprehension binds inside itself. */
function inside(node: object): string[] {
  const { kind } = node as { kind?: string }
  if (kind === 'def' || kind === 'lambda')
    return (node as unknown as { parameters: { name: string }[] }).parameters.map(({ name }) => name)
  if (kind === 'comprehension')
    return (node as unknown as { loops: { target: Expression }[] }).loops.flatMap(({ target }) => targetNames(target))
  return []
}

function targetNames(target: Expression): string[] {
  if (target.kind === 'name') return [target.name]
  return target.kind === 'tuple' || target.kind === 'list' ? target.items.flatMap(targetNames) : []
}
