import { pyStr } from '../../text/text.js'
import { PythonError } from '../../values/python-error.js'
import { isTrue, type PyValue, typeName } from '../../values/value.js'
import type { Environment } from '../runtime/context.js'
import { knownLength } from '../runtime/iteration.js'
import { Markup, textOf, toMarkup } from '../runtime/markup.js'
import { descendants } from '../syntax/children.js'
import type { Expression, FilterNode, IfNode, Statement } from '../syntax/nodes.js'
import { compileError, type Evaluate, entering, leaving, type Output, type Run, signals } from './activation.js'
import { compileAssignment, compileTarget, exportsOf } from './assignments.js'
import { compileBlock } from './blocks.js'
import { compileFilter } from './calls.js'
import { compileExpression } from './expressions.js'
import type { Frame } from './frame.js'
import { compileLoop } from './loops.js'
import { compileCallBlock, compileGeneration, compileMacro } from './macros.js'

/** Statements one after the other. */
export function compileBody(body: readonly Statement[], frame: Frame, environment: Environment): Run {
  const steps = body.map((node) => compileStatement(node, frame, environment))
  const [first, second] = steps
  if (first === undefined) return () => signals.next
  if (second === undefined) return first
  return (activation, out) => {
    for (const step of steps) {
      const signal = step(activation, out)
      if (signal !== signals.next) return signal
    }
    return signals.next
  }
}

function compileStatement(node: Statement, frame: Frame, environment: Environment): Run {
  switch (node.kind) {
    case 'output':
      return compileOutput(node.nodes, frame, environment)
    case 'if':
      return compileIf(node, frame, environment)
    case 'for':
      return compileLoop(node, frame, environment)
    case 'assign':
      return compileAssignment(node, frame, environment)
    case 'assignBlock':
      return compileAssignBlock(node, frame, environment)
    case 'macro':
      return compileMacro(node, frame, environment)
    case 'callBlock':
      return compileCallBlock(node, frame, environment)
    case 'generation':
      return compileGeneration(node.body, frame, environment)
    case 'filterBlock':
      return compileFilterBlock(node, frame, environment)
    case 'with':
      return compileWith(node, frame, environment)
    case 'autoescape':
      return compileAutoescape(node, frame, environment)
    case 'block':
      return compileBlock(node, frame)
    case 'include':
    case 'import':
      return compileInclude(node, frame, environment)
    case 'extends':
      if (!frame.toplevel) throw compileError('cannot use extend from a non top-level scope', node.line)
      return compileInclude(node, frame, environment)
    case 'break':
    case 'continue': {
      if (!frame.inLoop) throw compileError(`'${node.kind}' outside loop`, node.line, 'SyntaxError')
      const signal = signals[node.kind]
      return () => signal
    }
  }
}

/** How a printed value becomes text. */
function printing(frame: Frame): (value: PyValue, escapes: boolean) => string {
  if (frame.mode.volatile) return (value, escapes) => (escapes ? toMarkup(value).text : pyStr(value))
  return frame.mode.autoescape ? (value) => toMarkup(value).text : pyStr
}

/** What Jinja can compute without a context where escaping is not known. */
function isConstant(node: Expression): boolean {
  return [...descendants([node])].every(({ kind }) => !['name', 'call', 'filter', 'test'].includes(kind))
}

/** What a filter block or call block writes: it must be a text already, and is not escaped. */
export function writtenText(value: PyValue): string {
  const text = textOf(value)
  if (text !== null) return text
  throw new PythonError('TypeError', `sequence item 0: expected str instance, ${typeName(value)} found`)
}

function compileOutput(nodes: readonly (string | Expression)[], frame: Frame, environment: Environment): Run {
  const print = printing(frame)
  const escapes = frame.mode.autoescape
  const parts = nodes.map((node): ((activation: Parameters<Run>[0]) => string) => {
    if (typeof node === 'string') return () => node
    const value = compileExpression(node, frame, environment)
    // constants are printed when the template is read, before it is known whether to escape
    if (frame.mode.volatile && isConstant(node)) return (activation) => print(value(activation), escapes)
    return (activation) => print(value(activation), activation.context.autoescape)
  })
  return (activation, out) => {
    for (const part of parts) out.text += part(activation)
    return signals.next
  }
}

function compileIf(node: IfNode, frame: Frame, environment: Environment): Run {
  const soft = frame.softened()
  const branches = [node, ...node.alternatives].map(
    ({ test, body }) => [compileExpression(test, soft, environment), compileBody(body, soft, environment)] as const,
  )
  const otherwise = compileBody(node.otherwise, soft, environment)
  return (activation, out) => {
    for (const [test, body] of branches) if (isTrue(test(activation))) return body(activation, out)
    return otherwise(activation, out)
  }
}

function compileAssignBlock(
  node: Extract<Statement, { kind: 'assignBlock' }>,
  frame: Frame,
  environment: Environment,
): Run {
  const inner = frame.inner()
  inner.symbols.visit(node.body)
  const [enter, leave, body] = [entering(inner), leaving(inner), compileBody(node.body, inner, environment)]
  const assign = compileTarget(node.target, frame)
  const publish = exportsOf(node.target, frame)
  const buffers: Output[] = []
  const filter = node.filter && blockFilter(node.filter, inner, environment, buffers)
  return (activation) => {
    enter(activation)
    const own: Output = { text: '' }
    const signal = body(activation, own)
    if (signal !== signals.next) return signal
    buffers.push(own)
    try {
      const value: PyValue = filter ? filter(activation) : own.text
      assign(activation, activation.context.autoescape ? new Markup(pyStr(value)) : value)
    } finally {
      buffers.pop()
    }
    publish(activation)
    leave(activation)
    return signals.next
  }
}

/** A filter whose operand is the text of the block on top of the stack. */
function blockFilter(filter: FilterNode, frame: Frame, environment: Environment, buffers: readonly Output[]): Evaluate {
  const { autoescape, volatile } = frame.mode
  const text: Evaluate = (activation) => {
    const escapes = volatile ? activation.context.autoescape : autoescape
    return escapes ? new Markup(buffers.at(-1)!.text) : buffers.at(-1)!.text
  }
  const { node } = filter
  if (node === null) return compileFilter(filter, frame, environment, text)
  const before = blockFilter(node as FilterNode, frame, environment, buffers)
  return compileFilter({ ...filter, node: null }, frame, environment, before)
}

function compileFilterBlock(
  node: Extract<Statement, { kind: 'filterBlock' }>,
  frame: Frame,
  environment: Environment,
): Run {
  const inner = frame.inner()
  inner.symbols.visitFilterBlock(node.body, node.filter)
  const [enter, leave, body] = [entering(inner), leaving(inner), compileBody(node.body, inner, environment)]
  const buffers: Output[] = []
  const filter = blockFilter(node.filter, inner, environment, buffers)
  return (activation, out) => {
    enter(activation)
    const own: Output = { text: '' }
    const signal = body(activation, own)
    if (signal !== signals.next) return signal
    buffers.push(own)
    try {
      out.text += writtenText(filter(activation))
    } finally {
      buffers.pop()
    }
    leave(activation)
    return signals.next
  }
}

function compileWith(node: Extract<Statement, { kind: 'with' }>, frame: Frame, environment: Environment): Run {
  const inner = frame.inner()
  inner.symbols.visitWith(node.targets, node.body)
  const [enter, leave] = [entering(inner), leaving(inner)]
  const steps = node.targets.map(
    (target, index) =>
      [compileTarget(target, inner), compileExpression(node.values[index]!, frame, environment)] as const,
  )
  const body = compileBody(node.body, inner, environment)
  return (activation, out) => {
    enter(activation)
    for (const [assign, value] of steps) assign(activation, value(activation))
    const signal = body(activation, out)
    leave(activation)
    return signal
  }
}

function compileAutoescape(
  node: Extract<Statement, { kind: 'autoescape' }>,
  frame: Frame,
  environment: Environment,
): Run {
  const inner = frame.inner()
  inner.symbols.visit([node.value, ...node.body])
  const [enter, leave] = [entering(inner), leaving(inner)]
  const value = compileExpression(node.value, inner, environment)
  const saved = { ...frame.mode }
  if (node.value.kind === 'const') frame.mode.autoescape = isTrue(node.value.value)
  else frame.mode.volatile = true
  const body = compileBody(node.body, inner, environment)
  Object.assign(frame.mode, saved)
  return (activation, out) => {
    const { context } = activation
    enter(activation)
    const before = context.autoescape
    context.autoescape = isTrue(value(activation))
    const signal = body(activation, out)
    // a loop that ends inside leaves the setting as it is, as in Jinja
    if (signal === signals.next) context.autoescape = before
    leave(activation)
    return signal
  }
}

/** There is no loader: what names another template is an error, unless it names none. */
function compileInclude(
  node: Extract<Statement, { kind: 'include' | 'import' | 'extends' }>,
  frame: Frame,
  environment: Environment,
): Run {
  const template = compileExpression(node.template, frame, environment)
  return (activation) => {
    const value = template(activation)
    const isEmptyList = Array.isArray(value) && knownLength(value) === 0
    if (node.kind === 'include' && node.ignoreMissing && isEmptyList) return signals.next
    throw new PythonError('TypeError', 'no loader for this environment specified: templates cannot include others')
  }
}
