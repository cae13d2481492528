import { takeTurn } from '../../budget/budget.js'
import { isTrue, type PyValue } from '../../values/value.js'
import type { Environment } from '../runtime/context.js'
import { each, PyIterator } from '../runtime/iteration.js'
import { LoopContext, type Recurse } from '../runtime/loop-context.js'
import { Markup } from '../runtime/markup.js'
import { descendants, undeclared } from '../syntax/children.js'
import type { ForNode } from '../syntax/nodes.js'
import {
  Activation,
  compileError,
  entering,
  leaving,
  type Output,
  type Run,
  type Signal,
  signals,
  writer,
} from './activation.js'
import { compileTarget } from './assignments.js'
import { compileExpression } from './expressions.js'
import type { Frame } from './frame.js'
import { compileBody, writtenText } from './statements.js'

/** Goes through items; `depth0` counts how deep a recursive loop is. */
type Loop = (activation: Activation, items: PyValue, out: Output, recurse: Recurse | null, depth0: number) => Signal

/** Only items that the loop's `if` holds for, tested when the loop comes to them. */
type Select = (activation: Activation, items: PyValue) => PyValue

/** `{% for %}`, with its test, else and recursion. */
export function compileLoop(node: ForNode, frame: Frame, environment: Environment): Run {
  const hasLoop =
    node.recursive ||
    undeclared(node.body, ['loop']).size > 0 ||
    [...descendants([node])].some((inner) => inner.kind === 'block' && inner.scoped)
  const loopFrame = node.recursive ? frame.function() : frame.inner()
  loopFrame.inLoop = true
  const otherwise = node.recursive ? frame.function(loopFrame.symbols.variables) : frame.inner()
  if (hasLoop) loopFrame.symbols.parameter('loop')
  for (const inner of descendants([node]))
    if (inner.kind === 'store' && inner.name === 'loop')
      throw compileError("Can't assign to special loop variable in for-loop target", 1)
  loopFrame.symbols.visitFor(node, 'body')
  if (node.otherwise.length > 0) otherwise.symbols.visitFor(node, 'otherwise')
  const select = node.test && compileTest(node, frame, environment)
  const iterable = compileExpression(node.iterable, frame, environment)
  const loop = compileTurns(node, loopFrame, otherwise, hasLoop, environment)
  if (!node.recursive)
    return (activation, out) => {
      const items = iterable(activation)
      return loop(activation, select ? select(activation, items) : items, out, null, 0)
    }
  // the setting where the loop is written counts, not the one when it is read
  const mode = { ...frame.mode }
  return (activation, out) => {
    const recurse: Recurse = (items, depth0) => {
      const own: Output = { text: '' }
      const inner = new Activation(activation.context, activation)
      loop(inner, select ? select(activation, items) : items, own, recurse, depth0)
      const escapes = mode.volatile ? activation.context.autoescape : mode.autoescape
      return escapes ? new Markup(own.text) : own.text
    }
    out.text += writtenText(recurse(iterable(activation), 0))
    return signals.next
  }
}

function compileTest(node: ForNode, frame: Frame, environment: Environment): Select {
  const testFrame = frame.function()
  testFrame.symbols.visitFor(node, 'test')
  const enter = entering(testFrame)
  const assign = compileTarget(node.target, testFrame)
  const test = compileExpression(node.test!, testFrame, environment)
  function* selected(activation: Activation, items: PyValue): Generator<PyValue> {
    const inner = new Activation(activation.context, activation)
    enter(inner)
    for (const item of each(items)) {
      assign(inner, item)
      if (isTrue(test(inner))) yield item
    }
  }
  return (activation, items) => new PyIterator(selected(activation, items))
}

function compileTurns(
  node: ForNode,
  frame: Frame,
  otherwiseFrame: Frame,
  hasLoop: boolean,
  environment: Environment,
): Loop {
  const [enter, leave] = [entering(frame), leaving(frame)]
  const assign = compileTarget(node.target, frame)
  const setLoop = hasLoop ? writer(frame.symbols.findRef('loop')!) : null
  const body = compileBody(node.body, frame, environment)
  const hasOtherwise = node.otherwise.length > 0
  const [enterOther, leaveOther] = [entering(otherwiseFrame), leaving(otherwiseFrame)]
  const otherwise = compileBody(node.otherwise, otherwiseFrame, environment)
  const turn = (activation: Activation, item: PyValue, loop: LoopContext | null, out: Output): Signal => {
    takeTurn()
    assign(activation, item)
    setLoop?.(activation, loop!)
    enter(activation)
    return body(activation, out)
  }
  return (activation, items, out, recurse, depth0) => {
    // a turn that break or continue cuts short does not count for else
    let none = true
    if (setLoop) {
      setLoop(activation, undefined)
      const loop = new LoopContext(items, environment.strict, recurse, depth0)
      for (let item = loop.next(); item !== undefined; item = loop.next()) {
        const signal = turn(activation, item, loop, out)
        if (signal === signals.break) break
        if (signal === signals.next) none = false
      }
    } else
      for (const item of each(items)) {
        const signal = turn(activation, item, null, out)
        if (signal === signals.break) break
        if (signal === signals.next) none = false
      }
    leave(activation)
    if (!none || !hasOtherwise) return signals.next
    enterOther(activation)
    const signal = otherwise(activation, out)
    leaveOther(activation)
    return signal
  }
}
