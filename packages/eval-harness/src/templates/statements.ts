import type { parse } from '@huggingface/jinja'
import { pyStr } from '../python/text.js'
import { isTrue, type PyDict, type PyValue } from '../python/value.js'
import { applyFilter, type Node, value } from './expressions.js'
import { iterate, type Keywords } from './filters.js'
import { originalName } from './prepare-source.js'
import { Namespace, Scope } from './scope.js'
import { TemplateError } from './template-error.js'

type Statement = ReturnType<typeof parse>['body'][number]

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
      defineMacro(node, originalName(node.name.value), scope)
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

function defineMacro(node: Node, name: string, scope: Scope): void {
  scope.macros.set(name, (args, keywords) => callMacro(node, name, scope, args, keywords))
}

function callMacro(node: Node, name: string, scope: Scope, args: readonly PyValue[], keywords: Keywords): string {
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
