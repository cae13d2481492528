import { type AnyNode, childrenOf } from '../syntax/children.js'
import type { Expression, ForNode, IfNode, Signature, Statement, Target } from '../syntax/nodes.js'

/** How a variable gets its first value in a frame: as a parameter, from the context, from an outer variable, or none. */
export type Load =
  | { readonly from: 'parameter' }
  | { readonly from: 'context'; readonly name: string }
  | { readonly from: 'variable'; readonly reference: Reference }
  | { readonly from: 'nothing' }

/** A function's variables; each has a place. */
export class Variables {
  readonly #places = new Map<string, number>()

  constructor(readonly outer: Variables | null) {}

  place(identifier: string): number {
    let place = this.#places.get(identifier)
    if (place === undefined) {
      place = this.#places.size
      this.#places.set(identifier, place)
    }
    return place
  }
}

/** A variable of one of the functions around. */
export interface Reference {
  readonly identifier: string
  readonly variables: Variables
}

/** Which variable a name stands for in a frame: a port of jinja2/idtracking.py, whose rules decide what an inner `set` changes. */
export class Symbols {
  readonly level: number
  refs = new Map<string, Reference>()
  loads = new Map<string, Load>()
  stores = new Set<string>()

  constructor(
    readonly parent: Symbols | null,
    readonly variables: Variables,
  ) {
    this.level = parent === null ? 0 : parent.level + 1
  }

  copy(): Symbols {
    const copy = new Symbols(this.parent, this.variables)
    copy.refs = new Map(this.refs)
    copy.loads = new Map(this.loads)
    copy.stores = new Set(this.stores)
    return copy
  }

  findRef(name: string): Reference | null {
    return this.refs.get(name) ?? this.parent?.findRef(name) ?? null
  }

  #define(name: string, load: Load): Reference {
    const reference = { identifier: `${this.level} ${name}`, variables: this.variables }
    this.refs.set(name, reference)
    this.loads.set(reference.identifier, load)
    return reference
  }

  store(name: string): void {
    this.stores.add(name)
    if (this.refs.has(name)) return
    const outer = this.parent?.findRef(name) ?? null
    this.#define(name, outer === null ? { from: 'nothing' } : { from: 'variable', reference: outer })
  }

  parameter(name: string): Reference {
    this.stores.add(name)
    return this.#define(name, { from: 'parameter' })
  }

  load(name: string): void {
    if (this.findRef(name) === null) this.#define(name, { from: 'context', name })
  }

  /** After an if: what some branches store has its outer value in the others. */
  #joinBranches(branches: readonly Symbols[]): void {
    const stores = new Set(branches.flatMap((branch) => [...branch.stores]).filter((name) => !this.stores.has(name)))
    for (const branch of branches) {
      for (const [name, reference] of branch.refs) this.refs.set(name, reference)
      for (const [identifier, load] of branch.loads) this.loads.set(identifier, load)
      for (const name of branch.stores) this.stores.add(name)
    }
    for (const name of stores) {
      const { identifier } = this.findRef(name)!
      const outer = this.parent?.findRef(name) ?? null
      this.loads.set(identifier, outer === null ? { from: 'context', name } : { from: 'variable', reference: outer })
    }
  }

  /** Notes the names of nodes that belong to this frame; inner frames are left alone. */
  visit(nodes: readonly AnyNode[]): void {
    for (const node of nodes) this.#visit(node)
  }

  #visit(node: AnyNode): void {
    switch (node.kind) {
      case 'name':
      case 'member':
        this.load(node.name)
        return
      case 'store':
        this.store(node.name)
        return
      case 'if':
        this.#visitIf(node)
        return
      case 'macro':
        this.store(node.name)
        return
      case 'import':
        this.#visit(node.template)
        for (const name of node.names) this.store(name)
        return
      case 'assign':
        this.#visit(node.value)
        this.#visit(node.target)
        return
      case 'for':
        this.#visit(node.iterable)
        return
      case 'callBlock':
        this.#visit(node.call)
        return
      case 'filterBlock':
        this.#visit(node.filter)
        return
      case 'with':
        this.visit(node.values)
        return
      case 'assignBlock':
        this.#visit(node.target)
        return
      case 'autoescape':
      case 'block':
      case 'generation':
        return
      default:
        this.visit(childrenOf(node))
        return
    }
  }

  #visitIf(node: IfNode): void {
    this.#visit(node.test)
    this.#joinBranches(
      [node.body, node.alternatives, node.otherwise].map((body) => {
        const branch = this.copy()
        branch.visit(body)
        return branch
      }),
    )
  }

  /** Targets as parameters of a frame: a loop's or those of `with`. */
  parameters(target: Target): void {
    if (target.kind === 'store') this.parameter(target.name)
    else if (target.kind === 'member') this.load(target.name)
    else for (const item of target.items) this.parameters(item)
  }

  visitFor(node: ForNode, part: 'body' | 'otherwise' | 'test'): void {
    if (part !== 'otherwise') this.parameters(node.target)
    if (part === 'test') this.visit([node.test!])
    else this.visit(node[part])
  }

  visitSignature(node: Signature): void {
    for (const parameter of node.parameters) this.parameter(parameter)
    this.visit(node.defaults)
    this.visit(node.body)
  }

  visitWith(targets: readonly Target[], body: readonly Statement[]): void {
    for (const target of targets) this.parameters(target)
    this.visit(body)
  }

  visitFilterBlock(body: readonly Statement[], filter: Expression): void {
    this.visit(body)
    this.visit([filter])
  }
}
