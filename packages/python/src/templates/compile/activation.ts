import { PythonError } from '../../values/python-error.js'
import type { PyValue } from '../../values/value.js'
import type { Context } from '../runtime/context.js'
import type { Frame } from './frame.js'
import type { Reference } from './symbols.js'

/** A running function of a template: its variables (undefined: no value yet) and those of the function around it. */
export class Activation {
  readonly values: (PyValue | undefined)[] = []

  constructor(
    readonly context: Context,
    readonly outer: Activation | null,
  ) {}
}

/** Text that grows. */
export interface Output {
  text: string
}

/** Renders a statement; tells whether a loop's turn or the loop is over. */
export type Run = (activation: Activation, out: Output) => Signal
/** Computes an expression. */
export type Evaluate = (activation: Activation) => PyValue

/** What follows a statement: the next one, the loop's end, or its next turn. */
export const signals = { next: 0, break: 1, continue: 2 } as const
export type Signal = 0 | 1 | 2

function hops(frame: Frame, reference: Reference): number {
  let count = 0
  for (let variables = frame.symbols.variables; variables !== reference.variables; count++) {
    if (variables.outer === null) throw new Error(`the variable ${reference.identifier} is not in reach`)
    variables = variables.outer
  }
  return count
}

/** Reads a variable; undefined when it has no value. */
export function reader(frame: Frame, reference: Reference): (activation: Activation) => PyValue | undefined {
  const place = reference.variables.place(reference.identifier)
  const count = hops(frame, reference)
  if (count === 0) return (activation) => activation.values[place]
  if (count === 1) return (activation) => activation.outer!.values[place]
  return (activation) => {
    let found = activation
    for (let hop = 0; hop < count; hop++) found = found.outer!
    return found.values[place]
  }
}

/** Sets a variable of the function that a frame is in. */
export function writer(reference: Reference): (activation: Activation, value: PyValue | undefined) => void {
  const place = reference.variables.place(reference.identifier)
  return (activation, value) => {
    activation.values[place] = value
  }
}

/** Gives a frame's variables their first values (enter_frame). */
export function entering(frame: Frame): (activation: Activation) => void {
  const steps: ((activation: Activation) => void)[] = []
  for (const [identifier, load] of frame.symbols.loads) {
    const place = frame.symbols.variables.place(identifier)
    if (load.from === 'context') {
      const { name } = load
      steps.push((activation) => {
        activation.values[place] = activation.context.resolve(name)
      })
    } else if (load.from === 'variable') {
      const read = reader(frame, load.reference)
      steps.push((activation) => {
        activation.values[place] = read(activation)
      })
    } else if (load.from === 'nothing')
      steps.push((activation) => {
        activation.values[place] = undefined
      })
  }
  return inTurn(steps)
}

/** Takes the values of a frame's variables away (leave_frame). */
export function leaving(frame: Frame): (activation: Activation) => void {
  const places = [...frame.symbols.loads.keys()].map((identifier) => frame.symbols.variables.place(identifier))
  return (activation) => {
    for (const place of places) activation.values[place] = undefined
  }
}

function inTurn(steps: readonly ((activation: Activation) => void)[]): (activation: Activation) => void {
  const [first, second] = steps
  if (first === undefined) return () => {}
  if (second === undefined) return first
  return (activation) => {
    for (const step of steps) step(activation)
  }
}

/** An error that Jinja raises when it compiles a template. */
export function compileError(message: string, line: number, exception = 'TemplateAssertionError'): PythonError {
  return new PythonError(exception, `${message} (line ${line})`)
}
