import { PythonError } from '../../values/python-error.js'
import { PyObject, type PyValue } from '../../values/value.js'
import type { Context, Environment, RenderBlock } from '../runtime/context.js'
import { PyFunction } from '../runtime/functions.js'
import { Markup } from '../runtime/markup.js'
import { descendants, undeclared } from '../syntax/children.js'
import type { BlockNode, Statement } from '../syntax/nodes.js'
import { Activation, compileError, entering, type Output, type Run, reader, signals, writer } from './activation.js'
import { Frame } from './frame.js'
import { compileBody } from './statements.js'
import type { Symbols } from './symbols.js'

/** `self`: the blocks of a template by name, to be called. */
class TemplateReference extends PyObject {
  readonly typeName = 'TemplateReference'

  constructor(private readonly context: Context) {
    super()
  }

  override item(key: PyValue): PyValue | undefined {
    const render = typeof key === 'string' ? this.context.blocks.get(key) : undefined
    if (render === undefined) return undefined
    return new PyFunction(key as string, () => {
      const text = render(this.context)
      return this.context.autoescape ? new Markup(text) : text
    })
  }

  override repr(): string {
    return '<TemplateReference None>'
  }
}

/** The names of a frame and those around it, for a scoped block. */
function storesOf(symbols: Symbols): string[] {
  const names = new Set<string>()
  for (let at: Symbols | null = symbols; at !== null; at = at.parent) for (const name of at.stores) names.add(name)
  return [...names]
}

/** `{% block %}`: rendered where it stands. */
export function compileBlock(node: BlockNode, frame: Frame): Run {
  const names = node.scoped ? storesOf(frame.symbols) : []
  const reads = names.map((name) => [name, reader(frame, frame.symbols.findRef(name)!)] as const)
  return (activation, out) => {
    let { context } = activation
    if (node.required) throw new PythonError('TemplateRuntimeError', `Required block '${node.name}' not found`)
    if (node.scoped) {
      const locals = new Map<string, PyValue>()
      for (const [name, read] of reads) {
        const value = read(activation)
        if (value !== undefined) locals.set(name, value)
      }
      context = context.derived(locals)
    }
    out.text += context.blocks.get(node.name)!(context)
    return signals.next
  }
}

function compileRoot(
  body: readonly Statement[],
  frame: Frame,
  environment: Environment,
  names: readonly string[],
): (context: Context) => string {
  const special = undeclared(body, names)
  for (const name of special) frame.symbols.parameter(name)
  frame.symbols.visit(body)
  const setSelf = special.has('self') ? writer(frame.symbols.findRef('self')!) : null
  const setSuper = special.has('super') ? writer(frame.symbols.findRef('super')!) : null
  const [enter, run] = [entering(frame), compileBody(body, frame, environment)]
  return (context) => {
    const activation = new Activation(context, null)
    setSelf?.(activation, new TemplateReference(context))
    setSuper?.(activation, context.undefined('there is no parent block.'))
    enter(activation)
    const out: Output = { text: '' }
    run(activation, out)
    return out.text
  }
}

/** A template's statements as a function of its context, and its blocks by name. */
export function compileTemplate(
  body: readonly Statement[],
  environment: Environment,
): { render: (context: Context) => string; blocks: ReadonlyMap<string, RenderBlock> } {
  const blocks = new Map<string, RenderBlock>()
  const nodes = [...descendants(body)].filter((node): node is BlockNode => node.kind === 'block')
  for (const [index, node] of nodes.entries())
    if (nodes.findIndex((other) => other.name === node.name) !== index)
      throw compileError(`block '${node.name}' defined twice`, node.line)
  const mode = { autoescape: false, volatile: false }
  const root = Frame.root(mode)
  root.toplevel = true
  const render = compileRoot(body, root, environment, ['self'])
  for (const node of nodes)
    blocks.set(node.name, compileRoot(node.body, Frame.root(mode), environment, ['self', 'super']))
  return { render, blocks }
}
