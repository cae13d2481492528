import { PythonError } from '../../values/python-error.js'
import { type PyValue, typeName } from '../../values/value.js'
import type { Environment } from '../runtime/context.js'
import { iterate } from '../runtime/iteration.js'
import { Namespace } from '../runtime/namespace.js'
import type { Statement, Target } from '../syntax/nodes.js'
import { type Activation, type Run, reader, signals, writer } from './activation.js'
import { compileExpression } from './expressions.js'
import type { Frame } from './frame.js'

/** Gives a value to what is assigned to. */
export type Assign = (activation: Activation, value: PyValue) => void

/** A target as a function: names, members of namespaces, or several of them from the items of a value. */
export function compileTarget(target: Target, frame: Frame): Assign {
  switch (target.kind) {
    case 'store':
      return writer(frame.symbols.findRef(target.name)!)
    case 'member': {
      const read = reader(frame, frame.symbols.findRef(target.name)!)
      return (activation, value) => {
        const object = read(activation)
        if (!(object instanceof Namespace)) throw notNamespace()
        object.members.set(target.attribute, value)
      }
    }
    case 'targets': {
      const items = target.items.map((item) => compileTarget(item, frame))
      return (activation, value) => {
        const values = unpacked(value, items.length)
        for (const [index, assign] of items.entries()) assign(activation, values[index]!)
      }
    }
  }
}

function notNamespace(): PythonError {
  return new PythonError('TemplateRuntimeError', 'cannot assign attribute on non-namespace object')
}

function unpacked(value: PyValue, count: number): readonly PyValue[] {
  if (Array.isArray(value) && value.length === count) return value
  let items: Iterator<PyValue>
  try {
    items = iterate(value)
  } catch (error) {
    if (error instanceof PythonError && error.exception === 'TypeError')
      throw new PythonError('TypeError', `cannot unpack non-iterable ${typeName(value)} object`)
    throw error
  }
  const values: PyValue[] = []
  for (let step = items.next(); !step.done; step = items.next()) {
    values.push(step.value)
    if (values.length > count) throw new PythonError('ValueError', `too many values to unpack (expected ${count})`)
  }
  if (values.length < count)
    throw new PythonError('ValueError', `not enough values to unpack (expected ${count}, got ${values.length})`)
  return values
}

function namesOf(target: Target): string[] {
  if (target.kind === 'targets') return target.items.flatMap(namesOf)
  return target.kind === 'store' ? [target.name] : []
}

function membersOf(target: Target): string[] {
  if (target.kind === 'targets') return target.items.flatMap(membersOf)
  return target.kind === 'member' ? [target.name] : []
}

/** Puts names that are set at the top of a template into its context, where macros and blocks find them. */
export function exportNames(names: readonly string[], frame: Frame): (activation: Activation) => void {
  if (!frame.toplevel || names.length === 0) return () => {}
  const reads = names.map((name) => [name, reader(frame, frame.symbols.findRef(name)!)] as const)
  return (activation) => {
    for (const [name, read] of reads) {
      const value = read(activation)
      if (value === undefined) activation.context.vars.delete(name)
      else activation.context.vars.set(name, value)
    }
  }
}

/** The same for the names of a target. */
export function exportsOf(target: Target, frame: Frame): (activation: Activation) => void {
  return exportNames(namesOf(target), frame)
}

/** `{% set target = value %}` */
export function compileAssignment(
  node: Extract<Statement, { kind: 'assign' }>,
  frame: Frame,
  environment: Environment,
): Run {
  // whether members belong to a namespace is looked at before the value
  const checks = membersOf(node.target).map((name) => reader(frame, frame.symbols.findRef(name)!))
  const value = compileExpression(node.value, frame, environment)
  const assign = compileTarget(node.target, frame)
  const publish = exportsOf(node.target, frame)
  return (activation) => {
    for (const check of checks) if (!(check(activation) instanceof Namespace)) throw notNamespace()
    assign(activation, value(activation))
    publish(activation)
    return signals.next
  }
}
