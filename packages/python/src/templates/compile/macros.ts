import type { PyValue } from '../../values/value.js'
import type { Environment } from '../runtime/context.js'
import { Macro, type MacroShape } from '../runtime/macro.js'
import { undeclared } from '../syntax/children.js'
import type { CallBlockNode, MacroNode, Signature, Statement } from '../syntax/nodes.js'
import {
  Activation,
  compileError,
  type Evaluate,
  entering,
  type Output,
  type Run,
  signals,
  writer,
} from './activation.js'
import { exportNames } from './assignments.js'
import { compileCall } from './calls.js'
import { compileExpression } from './expressions.js'
import type { Frame } from './frame.js'
import { compileBody, writtenText } from './statements.js'

/** A macro's definition as an expression whose value is the macro. */
function compileMacroBody(node: Signature, name: string | null, frame: Frame, environment: Environment): Evaluate {
  const inner = frame.function()
  inner.symbols.visitSignature(node)
  const { parameters, defaults } = node
  const special = undeclared(node.body, ['caller', 'kwargs', 'varargs'])
  const hasCaller = parameters.includes('caller')
  const first = parameters.length - defaults.length
  if (special.has('caller') && hasCaller && parameters.indexOf('caller') < first)
    throw compileError(
      'When defining macros or call blocks the special "caller" argument must be omitted or be given a default.',
      node.line,
    )
  const shape: MacroShape = {
    name,
    parameters,
    takesCaller: special.has('caller'),
    takesKeywords: special.has('kwargs') && !parameters.includes('kwargs'),
    takesMore: special.has('varargs') && !parameters.includes('varargs'),
  }
  const extra = [
    ...(shape.takesCaller && !hasCaller ? ['caller'] : []),
    ...(shape.takesKeywords ? ['kwargs'] : []),
    ...(shape.takesMore ? ['varargs'] : []),
  ]
  for (const one of extra) inner.symbols.parameter(one)
  inner.symbols.visitSignature(node)
  const places = [...parameters, ...extra].map((parameter) => writer(inner.symbols.findRef(parameter)!))
  const enter = entering(inner)
  const fallbacks = parameters.map((parameter, index): Evaluate => {
    const value = defaults[index - first]
    if (index >= first && value !== undefined) return compileExpression(value, inner, environment)
    return (activation) => activation.context.undefined(`parameter '${parameter}' was not provided`)
  })
  const body = compileBody(node.body, inner, environment)
  return (outer) =>
    new Macro(shape, outer.context, (args) => {
      const activation = new Activation(outer.context, outer)
      for (const [index, place] of places.entries()) place(activation, args[index])
      enter(activation)
      for (const [index, fallback] of fallbacks.entries())
        if (args[index] === undefined) places[index]!(activation, fallback(activation))
      const out: Output = { text: '' }
      body(activation, out)
      return out.text
    })
}

/** `{% macro %}` */
export function compileMacro(node: MacroNode, frame: Frame, environment: Environment): Run {
  const define = compileMacroBody(node, node.name, frame, environment)
  const set = writer(frame.symbols.findRef(node.name)!)
  const publish = exportNames([node.name], frame)
  return (activation) => {
    set(activation, define(activation))
    publish(activation)
    return signals.next
  }
}

/** `{% call %}`: a call that gets the block's body as `caller`. */
export function compileCallBlock(node: CallBlockNode, frame: Frame, environment: Environment): Run {
  const define = compileMacroBody(node, null, frame, environment)
  const call = compileCall(node.call, frame, environment, define)
  return (activation, out) => {
    out.text += writtenText(call(activation))
    return signals.next
  }
}

const noArguments = new Map<string, PyValue>()

/** `{% generation %}`: its body, with names of its own, as a call block's. */
export function compileGeneration(body: readonly Statement[], frame: Frame, environment: Environment): Run {
  const signature: Signature = { parameters: [], defaults: [], body, line: 1 }
  const define = compileMacroBody(signature, null, frame, environment)
  return (activation, out) => {
    const caller = define(activation) as Macro
    out.text += writtenText(caller.call([], noArguments))
    return signals.next
  }
}
