import { pyStr } from '../../text/text.js'
import { checkHashable, setItem } from '../../values/dict-keys.js'
import { isTrue, type PyValue, tupleOf } from '../../values/value.js'
import { add } from '../arithmetic.js'
import { getAttribute, getMember, getSlice } from '../attributes.js'
import { binary, unary } from '../operators.js'
import type { Environment } from '../runtime/context.js'
import { Markup, softText, toMarkup } from '../runtime/markup.js'
import { Undefined } from '../runtime/undefined.js'
import type { Expression, SliceNode } from '../syntax/nodes.js'
import { type Evaluate, reader } from './activation.js'
import { compileCall, compileFilter } from './calls.js'
import type { Frame } from './frame.js'

/** An expression as a function. */
export function compileExpression(node: Expression, frame: Frame, environment: Environment): Evaluate {
  const compile = (inner: Expression) => compileExpression(inner, frame, environment)
  switch (node.kind) {
    case 'const': {
      const { value } = node
      return () => value
    }
    case 'name':
      return compileName(node.name, frame)
    case 'tuple': {
      const items = node.items.map(compile)
      return (activation) => tupleOf(items.map((item) => item(activation)))
    }
    case 'list': {
      const items = node.items.map(compile)
      return (activation) => items.map((item) => item(activation))
    }
    case 'dict':
      return compileDict(node.items.map(([key, value]) => [compile(key), compile(value)] as const))
    case 'condition':
      return compileCondition(node, frame, environment)
    case 'filter':
    case 'test':
      return compileFilter(node, frame, environment, null)
    case 'call':
      return compileCall(node, frame, environment, null)
    case 'attribute': {
      const [object, { name }] = [compile(node.node), node]
      return (activation) => getAttribute(object(activation), name, environment)
    }
    case 'item': {
      const object = compile(node.node)
      if (node.key.kind === 'slice') return compileSlice(object, node.key, compile)
      const key = compile(node.key)
      return (activation) => getMember(object(activation), key(activation), environment)
    }
    case 'concat':
      return compileConcat(node.nodes.map(compile), frame)
    case 'compare':
      return compileComparison(
        compile(node.node),
        node.operands.map(([operator, value]) => [operator, compile(value)] as const),
      )
    case 'binary': {
      const [left, right, { operator }] = [compile(node.left), compile(node.right), node]
      if (operator === '+')
        return (activation) => {
          const [a, b] = [left(activation), right(activation)]
          if (typeof a === 'string' && typeof b === 'string') return a + b
          return add(a, b) ?? binary(operator, a, b)
        }
      return (activation) => binary(operator, left(activation), right(activation))
    }
    case 'and': {
      const [left, right] = [compile(node.left), compile(node.right)]
      return (activation) => {
        const value = left(activation)
        return isTrue(value) ? right(activation) : value
      }
    }
    case 'or': {
      const [left, right] = [compile(node.left), compile(node.right)]
      return (activation) => {
        const value = left(activation)
        return isTrue(value) ? value : right(activation)
      }
    }
    case 'unary': {
      const [operand, { operator }] = [compile(node.node), node]
      return (activation) => unary(operator, operand(activation))
    }
    case 'slice':
      // a[1:2, 3] makes a tuple of slices, which nothing here can be indexed with
      return () => new Undefined('slices are only supported alone', true, 'TypeError')
  }
}

function compileName(name: string, frame: Frame): Evaluate {
  const read = reader(frame, frame.symbols.findRef(name)!)
  return (activation) => {
    const value = read(activation)
    return value === undefined ? activation.context.undefined(`'${name}' is undefined`) : value
  }
}

function compileDict(items: readonly (readonly [Evaluate, Evaluate])[]): Evaluate {
  return (activation) => {
    const dict = new Map<string, PyValue>()
    for (const [key, value] of items) {
      const made = key(activation)
      checkHashable(made)
      setItem(dict, made, value(activation))
    }
    return dict
  }
}

function compileCondition(
  node: Extract<Expression, { kind: 'condition' }>,
  frame: Frame,
  environment: Environment,
): Evaluate {
  const soft = frame.softened()
  const test = compileExpression(node.test, soft, environment)
  const yes = compileExpression(node.yes, soft, environment)
  const message = `the inline if-expression on line ${node.line} evaluated to false and no else section was defined.`
  // not strict: it prints as nothing, in task templates too
  const no: Evaluate = node.no ? compileExpression(node.no, soft, environment) : () => new Undefined(message, false)
  return (activation) => (isTrue(test(activation)) ? yes(activation) : no(activation))
}

function compileSlice(object: Evaluate, node: SliceNode, compile: (node: Expression) => Evaluate): Evaluate {
  const [start, stop, step] = [node.start, node.stop, node.step].map(
    (part): Evaluate => (part ? compile(part) : () => null),
  )
  return (activation) => {
    const value = object(activation)
    return getSlice(value, [start!(activation), stop!(activation), step!(activation)])
  }
}

function compileConcat(parts: readonly Evaluate[], frame: Frame): Evaluate {
  const escapes = frame.mode.autoescape && !frame.mode.volatile
  if (!escapes)
    return (activation) => {
      let text = ''
      const values = parts.map((part) => part(activation))
      for (const value of values) text += pyStr(value)
      return text
    }
  return (activation) => {
    const texts = parts.map((part) => part(activation)).map(softText)
    if (!texts.some((text) => text instanceof Markup)) return texts.join('')
    return new Markup(texts.map((text) => toMarkup(text).text).join(''))
  }
}

function compileComparison(first: Evaluate, operands: readonly (readonly [string, Evaluate])[]): Evaluate {
  if (operands.length === 1) {
    const [operator, right] = operands[0]!
    return (activation) => binary(operator, first(activation), right(activation))
  }
  return (activation) => {
    let left = first(activation)
    for (const [operator, operand] of operands) {
      const right = operand(activation)
      if (!isTrue(binary(operator, left, right))) return false
      left = right
    }
    return true
  }
}
