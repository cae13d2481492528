import { sliceList } from '../python/slice.js'
import { pyStr } from '../python/text.js'
import { isDict, isTrue, PyFloat, PyTuple, type PyValue, tupleOf, typeName } from '../python/value.js'
import { callFilter, iterate, type Keywords } from './filters.js'
import { callFunction } from './global-functions.js'
import { callMethod } from './methods.js'
import { binary, unary } from './operators.js'
import { originalName } from './prepare-source.js'
import type { Scope } from './scope.js'
import { TemplateError, Undefined } from './template-error.js'
import { testPrefix } from './test-tokens.js'
import { callTest } from './tests.js'

/** The parser's nodes; their fields depend on `type` (see @huggingface/jinja's ast.d.ts). */
// biome-ignore lint/suspicious/noExplicitAny: the library exports its node classes as types only through parse()
export type Node = any
type Result = PyValue | Undefined

/** A defined value; undefined ones raise. */
export function value(node: Node, scope: Scope): PyValue {
  const result = evaluate(node, scope)
  if (result instanceof Undefined) throw new TemplateError('UndefinedError', result.message)
  return result
}

function evaluate(node: Node, scope: Scope): Result {
  switch (node.type) {
    case 'StringLiteral':
    case 'IntegerLiteral':
      return node.value
    case 'FloatLiteral':
      return new PyFloat(node.value)
    case 'ArrayLiteral':
      return node.value.map((item: Node) => value(item, scope))
    case 'TupleLiteral':
      return tupleOf(node.value.map((item: Node) => value(item, scope)))
    case 'ObjectLiteral':
      return new Map([...node.value].map(([key, item]: [Node, Node]) => [pyStr(value(key, scope)), value(item, scope)]))
    case 'Identifier':
      return evaluateName(originalName(node.value), scope)
    case 'MemberExpression':
      return evaluateMember(node, scope)
    case 'CallExpression':
      return evaluateCall(node, scope)
    case 'FilterExpression':
      return evaluateFilter(node, scope)
    case 'UnaryExpression':
      return unary(node.operator.value, value(node.argument, scope))
    case 'BinaryExpression':
      return evaluateBinary(node, scope)
    case 'Ternary':
      return evaluate(isTrue(value(node.condition, scope)) ? node.trueExpr : node.falseExpr, scope)
    case 'SelectExpression':
      // "a if b" without else is an empty text when b is false
      return isTrue(value(node.test, scope)) ? evaluate(node.lhs, scope) : ''
    default:
      throw unsupported(node.type)
  }
}

const constants = new Map<string, PyValue>([
  ['none', null],
  ['None', null],
  ['true', true],
  ['True', true],
  ['false', false],
  ['False', false],
])

function evaluateName(name: string, scope: Scope): Result {
  const constant = constants.get(name)
  if (constant !== undefined) return constant
  return scope.has(name) ? scope.get(name)! : new Undefined(`'${name}' is undefined`)
}

function evaluateBinary(node: Node, scope: Scope): Result {
  const operator = node.operator.value as string
  const left = value(node.left, scope)
  if (operator === 'and') return isTrue(left) ? value(node.right, scope) : left
  if (operator === 'or') return isTrue(left) ? left : value(node.right, scope)
  return binary(operator, left, value(node.right, scope))
}

function evaluateMember(node: Node, scope: Scope): Result {
  const object = value(node.object, scope)
  if (node.property.type === 'SliceExpression') return slice(object, node.property, scope)
  const key = node.computed ? value(node.property, scope) : originalName(node.property.value)
  if (isDict(object)) {
    const found = typeof key === 'string' ? object.get(key) : undefined
    return found === undefined ? new Undefined(`'dict object' has no attribute '${pyStr(key)}'`) : found
  }
  const index = typeof key === 'boolean' ? Number(key) : key
  if (typeof index === 'number' && (Array.isArray(object) || typeof object === 'string')) {
    const list: readonly PyValue[] = typeof object === 'string' ? [...object] : object
    const found = list.at(index)
    // at() accepts what lies before the beginning only down to -length, as Python does
    return found === undefined ? new Undefined(`${typeName(object)} object has no element ${index}`) : found
  }
  return new Undefined(`'${typeName(object)} object' has no attribute '${pyStr(key)}'`)
}

function slice(object: PyValue, node: Node, scope: Scope): PyValue {
  const bound = (part: Node | undefined): number | null => {
    const found = part === undefined ? null : value(part, scope)
    if (found === null) return null
    const number = typeof found === 'boolean' ? Number(found) : found
    if (typeof number === 'number') return number
    throw new TemplateError('TypeError', 'slice indices must be integers or None or have an __index__ method')
  }
  if (typeof object !== 'string' && !Array.isArray(object))
    throw new TemplateError('TypeError', `'${typeName(object)}' object is not subscriptable`)
  const list: readonly PyValue[] = typeof object === 'string' ? [...object] : object
  const [start, stop, step] = [bound(node.start), bound(node.stop), bound(node.step)]
  if (step === 0) throw new TemplateError('ValueError', 'slice step cannot be zero')
  const part = sliceList(list, start, stop, step)
  if (typeof object === 'string') return part.join('')
  return object instanceof PyTuple ? tupleOf(part) : part
}

interface Arguments {
  readonly args: PyValue[]
  readonly keywords: Keywords
}

function evaluateArguments(nodes: readonly Node[], scope: Scope): Arguments {
  const args: PyValue[] = []
  const keywords = new Map<string, PyValue>()
  for (const node of nodes) {
    if (node.type === 'KeywordArgumentExpression') keywords.set(originalName(node.key.value), value(node.value, scope))
    else if (node.type === 'SpreadExpression') args.push(...iterate(value(node.argument, scope)))
    else args.push(value(node, scope))
  }
  return { args, keywords }
}

function evaluateCall(node: Node, scope: Scope): PyValue {
  const { args, keywords } = evaluateArguments(node.args, scope)
  if (node.callee.type === 'Identifier') return callFunction(originalName(node.callee.value), args, keywords, scope)
  if (node.callee.type !== 'MemberExpression') throw unsupported('a call of this kind')
  const object = value(node.callee.object, scope)
  const name = originalName(node.callee.property.value as string)
  if (name === 'cycle' && isDict(object) && typeof object.get('index0') === 'number')
    return args[(object.get('index0') as number) % args.length]!
  if (name !== 'format' && keywords.size > 0 && !(typeof object === 'string' && name === 'split'))
    throw new TemplateError('TypeError', `${name}() takes no keyword arguments here`)
  const given =
    name === 'split' ? [args[0] ?? keywords.get('sep') ?? null, args[1] ?? keywords.get('maxsplit') ?? -1] : args
  const result = callMethod(object, name, given)
  if (result === undefined)
    throw new TemplateError('UndefinedError', `'${typeName(object)} object' has no attribute '${name}'`)
  return result
}

function evaluateFilter(node: Node, scope: Scope): PyValue {
  return applyFilter(node.filter, evaluate(node.operand, scope), scope)
}

/** A filter, or a test written as one, applied to what stands before it. */
export function applyFilter(node: Node, operand: Result, scope: Scope): PyValue {
  const call = node.type === 'CallExpression'
  const name = originalName((call ? node.callee.value : node.value) as string)
  const { args, keywords } = evaluateArguments(call ? node.args : [], scope)
  if (name.startsWith(testPrefix.negated)) return !test(name.slice(testPrefix.negated.length), operand, args)
  if (name.startsWith(testPrefix.plain)) return test(name.slice(testPrefix.plain.length), operand, args)
  if (name === 'default' || name === 'd') {
    const empty = isTrue(args[1] ?? keywords.get('boolean') ?? false)
    const missing = operand instanceof Undefined || (empty && !isTrue(operand))
    return missing ? (args[0] ?? keywords.get('default_value') ?? '') : operand
  }
  if (operand instanceof Undefined) throw new TemplateError('UndefinedError', operand.message)
  return callFilter(name, operand, args, keywords)
}

function test(name: string, operand: Result, args: readonly PyValue[]): boolean {
  if (name === 'defined') return !(operand instanceof Undefined)
  if (name === 'undefined') return operand instanceof Undefined
  if (operand instanceof Undefined) throw new TemplateError('UndefinedError', operand.message)
  return callTest(name, operand, args)
}

function unsupported(what: string): TemplateError {
  return new TemplateError('TemplateSyntaxError', `${what} is not supported in task templates`)
}
