import { pyRepr } from '../../text/text.js'
import { PythonError } from '../../values/python-error.js'
import { isDict, type PyValue } from '../../values/value.js'
import { callValue } from '../runtime/call.js'
import type { Environment } from '../runtime/context.js'
import type { Keywords } from '../runtime/functions.js'
import { each } from '../runtime/iteration.js'
import type { Arguments, CallNode, Expression } from '../syntax/nodes.js'
import { type Activation, compileError, type Evaluate } from './activation.js'
import { compileExpression } from './expressions.js'
import type { Frame } from './frame.js'

interface Given {
  readonly args: readonly PyValue[]
  readonly keywords: Keywords
}

const none: Keywords = new Map()
const noArguments: Given = { args: [], keywords: none }

/** Arguments as a function of an activation; `extra` are keywords that the template does not write. */
function compileArguments(
  node: Arguments,
  frame: Frame,
  environment: Environment,
  extra: readonly (readonly [string, Evaluate])[] = [],
): (activation: Activation) => Given {
  const compile = (inner: Expression) => compileExpression(inner, frame, environment)
  const args = node.args.map(compile)
  const spread = node.spread && compile(node.spread)
  const named = [...node.keywords.map(([name, value]) => [name, compile(value)] as const), ...extra]
  const spreadKeywords = node.spreadKeywords && compile(node.spreadKeywords)
  const double = named.find(([name], index) => named.findIndex(([other]) => other === name) !== index)
  if (double !== undefined) throw new PythonError('SyntaxError', `keyword argument repeated: ${double[0]}`)
  if (args.length === 0 && named.length === 0 && !spread && !spreadKeywords) return () => noArguments
  if (named.length === 0 && !spread && !spreadKeywords)
    return (activation) => ({ args: args.map((arg) => arg(activation)), keywords: none })
  return (activation) => {
    const values = args.map((arg) => arg(activation))
    if (spread) for (const value of each(spread(activation))) values.push(value)
    const keywords = new Map<string, PyValue>()
    for (const [name, value] of named) keywords.set(name, value(activation))
    if (spreadKeywords) addKeywords(keywords, spreadKeywords(activation))
    return { args: values, keywords }
  }
}

function addKeywords(keywords: Map<string, PyValue>, given: PyValue): void {
  if (!isDict(given)) throw new PythonError('TypeError', 'argument after ** must be a mapping')
  for (const [name, value] of given) {
    if (typeof name !== 'string') throw new PythonError('TypeError', 'keywords must be strings')
    if (keywords.has(name))
      throw new PythonError('TypeError', `got multiple values for keyword argument ${pyRepr(name)}`)
    keywords.set(name, value)
  }
}

/** A call; `caller` is the body of a call block. */
export function compileCall(node: CallNode, frame: Frame, environment: Environment, caller: Evaluate | null): Evaluate {
  const callee = compileExpression(node.node, frame, environment)
  const given = compileArguments(node, frame, environment, caller ? [['caller', caller]] : [])
  return (activation) => {
    const called = callee(activation)
    const { args, keywords } = given(activation)
    return callValue(called, args, keywords)
  }
}

/** A filter or test; `text` is what a filter without anything before it works on: a block's text. */
export function compileFilter(
  node: Extract<Expression, { kind: 'filter' | 'test' }>,
  frame: Frame,
  environment: Environment,
  text: Evaluate | null,
): Evaluate {
  const { name, kind } = node
  const known = kind === 'filter' ? environment.filters : environment.tests
  const found = known.get(name)
  if (found === undefined && !frame.soft) throw compileError(`No ${kind} named '${name}'.`, node.line)
  const operand = node.node === null ? text! : compileExpression(node.node, frame, environment)
  const given = compileArguments(node, frame, environment)
  if (found === undefined)
    return (activation) => {
      operand(activation)
      given(activation)
      throw new PythonError('TemplateRuntimeError', `No ${kind} named '${name}' found.`)
    }
  return (activation) => {
    const value = operand(activation)
    const { args, keywords } = given(activation)
    return found(value, args, keywords, activation.context)
  }
}
