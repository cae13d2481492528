import type { parse } from '@huggingface/jinja'
import { pyStr } from '../python/text.js'
import { isDict, isTrue, numberOf, type PyDict, PyFloat, type PyValue, typeName } from '../python/value.js'
import { filters, iterate, type Keywords } from './filters.js'
import { callMethod } from './methods.js'
import { binary, unary } from './operators.js'
import { TemplateError, Undefined } from './template-error.js'

type Statement = ReturnType<typeof parse>['body'][number]
/** The parser's nodes; their fields depend on `type` (see @huggingface/jinja's ast.d.ts). */
// biome-ignore lint/suspicious/noExplicitAny: the library exports its node classes as types only through parse()
type Node = any
type Result = PyValue | Undefined

/** Names visible in a block: those of the document, then those that the template sets. */
export class Scope {
  readonly #own = new Map<string, PyValue>()

  constructor(readonly parent: PyDict | Scope) {}

  get(name: string): PyValue | undefined {
    return this.#own.get(name) ?? this.parent.get(name)
  }

  has(name: string): boolean {
    return this.#own.has(name) || this.parent.has(name)
  }

  set(name: string, value: PyValue): void {
    this.#own.set(name, value)
  }
}

/** The text that statements produce. */
export function evaluateStatements(statements: readonly Statement[], scope: Scope): string {
  return statements.map((statement) => evaluateStatement(statement, scope)).join('')
}

function evaluateStatement(node: Node, scope: Scope): string {
  switch (node.type) {
    case 'Comment':
      return ''
    case 'If':
      return evaluateStatements(isTrue(value(node.test, scope)) ? node.body : node.alternate, scope)
    case 'For':
      return evaluateFor(node, scope)
    case 'Set':
      if (node.assignee.type !== 'Identifier' || node.value === null) throw unsupported('this form of set')
      scope.set(node.assignee.value, value(node.value, scope))
      return ''
    case 'StringLiteral':
      return node.value
    default:
      return pyStr(value(node, scope))
  }
}

function evaluateFor(node: Node, scope: Scope): string {
  const filtered = node.iterable.type === 'SelectExpression'
  const items = iterate(value(filtered ? node.iterable.lhs : node.iterable, scope)).filter((item) => {
    if (!filtered) return true
    const inner = new Scope(scope)
    assign(node.loopvar, item, inner)
    return isTrue(value(node.iterable.test, inner))
  })
  if (items.length === 0) return evaluateStatements(node.defaultBlock, scope)
  return items
    .map((item, index) => {
      const inner = new Scope(scope)
      assign(node.loopvar, item, inner)
      inner.set('loop', loopFacts(index, items.length))
      return evaluateStatements(node.body, inner)
    })
    .join('')
}

function loopFacts(index: number, length: number): PyDict {
  return new Map<string, PyValue>(
    Object.entries({
      index: index + 1,
      index0: index,
      revindex: length - index,
      revindex0: length - index - 1,
      first: index === 0,
      last: index === length - 1,
      length,
    }),
  )
}

function assign(target: Node, item: PyValue, scope: Scope): void {
  if (target.type === 'Identifier') {
    scope.set(target.value, item)
    return
  }
  const parts = iterate(item)
  if (parts.length !== target.value.length)
    throw new TemplateError('ValueError', `expected ${target.value.length} values to unpack, got ${parts.length}`)
  target.value.forEach((name: Node, index: number) => {
    scope.set(name.value, parts[index]!)
  })
}

/** A defined value; undefined ones raise. */
function value(node: Node, scope: Scope): PyValue {
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
    case 'TupleLiteral':
      return node.value.map((item: Node) => value(item, scope))
    case 'ObjectLiteral':
      return new Map([...node.value].map(([key, item]: [Node, Node]) => [pyStr(value(key, scope)), value(item, scope)]))
    case 'Identifier':
      return evaluateName(node.value, scope)
    case 'MemberExpression':
      return evaluateMember(node, scope)
    case 'CallExpression':
      return evaluateCall(node, scope)
    case 'FilterExpression':
      return evaluateFilter(node, scope)
    case 'TestExpression':
      return evaluateTest(node, scope)
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
  const key = node.computed ? value(node.property, scope) : (node.property.value as string)
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
  const bound = (part: Node | undefined): number | undefined => {
    const found = part === undefined ? null : value(part, scope)
    return found === null ? undefined : (numberOf(found) ?? undefined)
  }
  const step = bound(node.step) ?? 1
  if (step !== 1) throw unsupported('a slice with a step')
  const list: readonly PyValue[] = typeof object === 'string' ? [...object] : iterate(object)
  const part = list.slice(bound(node.start), bound(node.stop))
  return typeof object === 'string' ? part.join('') : part
}

function evaluateArguments(nodes: readonly Node[], scope: Scope): { args: PyValue[]; keywords: Keywords } {
  const args: PyValue[] = []
  const keywords = new Map<string, PyValue>()
  for (const node of nodes) {
    if (node.type === 'KeywordArgumentExpression') keywords.set(node.key.value, value(node.value, scope))
    else args.push(value(node, scope))
  }
  return { args, keywords }
}

function evaluateCall(node: Node, scope: Scope): PyValue {
  const { args } = evaluateArguments(node.args, scope)
  if (node.callee.type === 'Identifier' && node.callee.value === 'range') return range(args)
  if (node.callee.type !== 'MemberExpression') throw unsupported('a call of this kind')
  const object = value(node.callee.object, scope)
  const name = node.callee.property.value as string
  const result = callMethod(object, name, args)
  if (result === undefined)
    throw new TemplateError('UndefinedError', `'${typeName(object)} object' has no attribute '${name}'`)
  return result
}

function range(args: readonly PyValue[]): number[] {
  const numbers = args.map((item) => numberOf(item) ?? 0)
  const [start, stop, step] =
    numbers.length === 1 ? [0, numbers[0]!, 1] : [numbers[0] ?? 0, numbers[1] ?? 0, numbers[2] ?? 1]
  if (step === 0) throw new TemplateError('ValueError', 'range() arg 3 must not be zero')
  const length = Math.max(0, Math.ceil((stop - start) / step))
  if (length > 100_000) throw new TemplateError('ValueError', `a range of ${length} numbers is longer than any prompt`)
  return Array.from({ length }, (_, index) => start + index * step)
}

function evaluateFilter(node: Node, scope: Scope): PyValue {
  const call = node.filter.type === 'CallExpression'
  const name = (call ? node.filter.callee.value : node.filter.value) as string
  const { args, keywords } = evaluateArguments(call ? node.filter.args : [], scope)
  if (name === 'default' || name === 'd') {
    const operand = evaluate(node.operand, scope)
    const missing = operand instanceof Undefined || (isTrue(args[1] ?? false) && !isTrue(operand))
    return missing ? (args[0] ?? '') : operand
  }
  const filter = filters[name]
  if (!filter) throw new TemplateError('TemplateSyntaxError', `No filter named '${name}'.`)
  return filter(value(node.operand, scope), args, keywords)
}

function evaluateTest(node: Node, scope: Scope): boolean {
  const result = test(node.test.value, evaluate(node.operand, scope))
  return node.negate ? !result : result
}

function test(name: string, operand: Result): boolean {
  if (name === 'defined') return !(operand instanceof Undefined)
  if (name === 'undefined') return operand instanceof Undefined
  if (operand instanceof Undefined) throw new TemplateError('UndefinedError', operand.message)
  switch (name) {
    case 'none':
      return operand === null
    case 'string':
      return typeof operand === 'string'
    case 'number':
      return numberOf(operand) !== null
    case 'boolean':
      return typeof operand === 'boolean'
    case 'mapping':
      return isDict(operand)
    case 'sequence':
    case 'iterable':
      return typeof operand === 'string' || Array.isArray(operand) || isDict(operand)
    case 'odd':
    case 'even':
      return Math.abs((numberOf(operand) ?? 0) % 2) === (name === 'odd' ? 1 : 0)
    default:
      throw new TemplateError('TemplateSyntaxError', `No test named '${name}'.`)
  }
}

function unsupported(what: string): TemplateError {
  return new TemplateError('TemplateSyntaxError', `${what} is not supported in task templates`)
}
