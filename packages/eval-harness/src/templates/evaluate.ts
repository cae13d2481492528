import type { parse } from '@huggingface/jinja'
import { pyStr } from '../python/text.js'
import {
  isDict,
  isTrue,
  numberOf,
  type PyDict,
  PyFloat,
  PyTuple,
  type PyValue,
  tupleOf,
  typeName,
} from '../python/value.js'
import { callFilter, iterate, type Keywords } from './filters.js'
import { callMethod } from './methods.js'
import { binary, unary } from './operators.js'
import { originalName } from './prepare-source.js'
import { TemplateError, Undefined } from './template-error.js'
import { testPrefix } from './test-tokens.js'
import { callTest } from './tests.js'

type Statement = ReturnType<typeof parse>['body'][number]
/** The parser's nodes; their fields depend on `type` (see @huggingface/jinja's ast.d.ts). */
// biome-ignore lint/suspicious/noExplicitAny: the library exports its node classes as types only through parse()
type Node = any
type Result = PyValue | Undefined

interface Macro {
  readonly node: Node
  readonly scope: Scope
}

/** What namespace() makes: a dict whose members templates may set, also from inner blocks. */
class Namespace extends Map<string, PyValue> {}

/** Names visible in a block: those of the document, then those that the template sets. */
export class Scope {
  readonly #own = new Map<string, PyValue>()
  /** Macros of the whole template. */
  readonly macros: Map<string, Macro>

  constructor(readonly parent: PyDict | Scope) {
    this.macros = parent instanceof Scope ? parent.macros : new Map()
  }

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
      assign(
        node.assignee,
        node.value === null ? evaluateStatements(node.body, new Scope(scope)) : value(node.value, scope),
        scope,
      )
      return ''
    case 'Macro':
      scope.macros.set(originalName(node.name.value), { node, scope })
      return ''
    case 'FilterStatement':
      return pyStr(applyFilter(node.filter, evaluateStatements(node.body, new Scope(scope)), scope))
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
      inner.set('loop', loopFacts(index, items))
      return evaluateStatements(node.body, inner)
    })
    .join('')
}

function loopFacts(index: number, items: readonly PyValue[]): PyDict {
  const facts: [string, PyValue][] = Object.entries({
    index: index + 1,
    index0: index,
    revindex: items.length - index,
    revindex0: items.length - index - 1,
    first: index === 0,
    last: index === items.length - 1,
    length: items.length,
    depth: 1,
    depth0: 0,
  })
  if (index > 0) facts.push(['previtem', items[index - 1]!])
  if (index < items.length - 1) facts.push(['nextitem', items[index + 1]!])
  return new Map(facts)
}

function assign(target: Node, item: PyValue, scope: Scope): void {
  if (target.type === 'Identifier') {
    scope.set(originalName(target.value), item)
    return
  }
  if (target.type === 'MemberExpression') {
    const object = value(target.object, scope)
    if (!(object instanceof Namespace) || target.computed)
      throw new TemplateError('TypeError', 'cannot assign attribute on non-namespace object')
    object.set(originalName(target.property.value), item)
    return
  }
  const parts = iterate(item)
  if (parts.length !== target.value.length)
    throw new TemplateError('ValueError', `expected ${target.value.length} values to unpack, got ${parts.length}`)
  target.value.forEach((part: Node, index: number) => {
    assign(part, parts[index]!, scope)
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
  const part = sliceList(list, bound(node.start), bound(node.stop), bound(node.step))
  if (typeof object === 'string') return part.join('')
  return object instanceof PyTuple ? tupleOf(part) : part
}

/** list[start:stop:step] */
function sliceList(
  list: readonly PyValue[],
  start: number | null,
  stop: number | null,
  step: number | null,
): PyValue[] {
  const by = step ?? 1
  if (by === 0) throw new TemplateError('ValueError', 'slice step cannot be zero')
  const size = list.length
  const place = (bound: number | null, fallback: number) => {
    if (bound === null) return fallback
    const from = bound < 0 ? bound + size : bound
    return by > 0 ? Math.min(Math.max(from, 0), size) : Math.min(Math.max(from, -1), size - 1)
  }
  const [first, end] = by > 0 ? [place(start, 0), place(stop, size)] : [place(start, size - 1), place(stop, -1)]
  const part: PyValue[] = []
  for (let at = first; by > 0 ? at < end : at > end; at += by) part.push(list[at]!)
  return part
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

/** Jinja's global functions and the template's macros. */
function callFunction(name: string, args: readonly PyValue[], keywords: Keywords, scope: Scope): PyValue {
  const macro = scope.macros.get(name)
  if (macro) return callMacro(macro, name, args, keywords)
  switch (name) {
    case 'range':
      return range(args)
    case 'dict':
      return new Map([...(args[0] === undefined ? [] : (pairsOf(args[0]) as [string, PyValue][])), ...keywords])
    case 'namespace':
      return new Namespace([...(isDict(args[0]) ? args[0] : []), ...keywords])
    default:
      if (scope.has(name))
        throw new TemplateError('TypeError', `'${typeName(scope.get(name)!)}' object is not callable`)
      throw new TemplateError('UndefinedError', `'${name}' is undefined`)
  }
}

function pairsOf(items: PyValue): (readonly PyValue[])[] {
  return isDict(items) ? [...items] : iterate(items).map((item) => iterate(item))
}

function callMacro({ node, scope }: Macro, name: string, args: readonly PyValue[], keywords: Keywords): PyValue {
  const inner = new Scope(scope)
  const names = new Set<string>()
  for (const [index, parameter] of (node.args as Node[]).entries()) {
    const optional = parameter.type === 'KeywordArgumentExpression'
    const own = originalName(optional ? parameter.key.value : parameter.value)
    names.add(own)
    const given = args[index] ?? keywords.get(own)
    if (given !== undefined) inner.set(own, given)
    else if (optional) inner.set(own, value(parameter.value, inner))
  }
  const unknown = [...keywords.keys()].find((key) => !names.has(key))
  if (unknown !== undefined || args.length > names.size)
    throw new TemplateError('TypeError', `macro '${name}' takes no argument ${unknown ?? `beyond ${names.size}`}`)
  return evaluateStatements(node.body, inner)
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
  return applyFilter(node.filter, evaluate(node.operand, scope), scope)
}

function applyFilter(node: Node, operand: Result, scope: Scope): PyValue {
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
