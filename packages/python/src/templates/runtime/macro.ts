import { takeTurn } from '../../budget/budget.js'
import { pyRepr } from '../../text/text.js'
import { PythonError } from '../../values/python-error.js'
import { PyObject, type PyValue, tupleOf } from '../../values/value.js'
import type { Context } from './context.js'
import type { Keywords } from './functions.js'
import { Markup } from './markup.js'
import { Undefined } from './undefined.js'

/** What a macro takes (jinja2.runtime.Macro). */
export interface MacroShape {
  /** Null for the body of a call block. */
  readonly name: string | null
  readonly parameters: readonly string[]
  readonly takesKeywords: boolean
  readonly takesMore: boolean
  readonly takesCaller: boolean
}

/** A macro of a template; `render` gets its arguments in order, then caller, kwargs and varargs as far as it uses them. */
export class Macro extends PyObject {
  readonly typeName = 'Macro'

  constructor(
    readonly shape: MacroShape,
    private readonly context: Context,
    private readonly render: (args: readonly (PyValue | undefined)[]) => string,
  ) {
    super()
  }

  override call(args: readonly PyValue[], given: Keywords): PyValue {
    takeTurn()
    const { parameters, takesCaller, takesKeywords, takesMore } = this.shape
    const keywords = new Map(given)
    const values: (PyValue | undefined)[] = args.slice(0, parameters.length)
    let foundCaller = parameters.includes('caller')
    if (values.length < parameters.length) {
      foundCaller = false
      for (const name of parameters.slice(values.length)) {
        values.push(keywords.get(name))
        keywords.delete(name)
        foundCaller ||= name === 'caller'
      }
    }
    if (takesCaller && !foundCaller) {
      const caller = keywords.get('caller') ?? null
      keywords.delete('caller')
      values.push(caller ?? new Undefined('No caller defined', this.context.environment.strict))
    }
    const shown = this.shape.name === null ? 'None' : pyRepr(this.shape.name)
    if (takesKeywords) values.push(keywords)
    else if (keywords.has('caller'))
      throw new PythonError(
        'TypeError',
        `macro ${shown} was invoked with two values for the special caller argument. This is most likely a bug.`,
      )
    else if (keywords.size > 0)
      throw new PythonError('TypeError', `macro ${shown} takes no keyword argument ${pyRepr([...keywords.keys()][0]!)}`)
    if (takesMore) values.push(tupleOf(args.slice(parameters.length)))
    else if (args.length > parameters.length)
      throw new PythonError('TypeError', `macro ${shown} takes not more than ${parameters.length} argument(s)`)
    const text = this.render(values)
    return this.context.autoescape ? new Markup(text) : text
  }

  override repr(): string {
    return `<Macro ${this.shape.name === null ? 'anonymous' : pyRepr(this.shape.name)}>`
  }

  override attribute(name: string): PyValue | undefined {
    switch (name) {
      case 'name':
        return this.shape.name
      case 'arguments':
        return tupleOf(this.shape.parameters)
      case 'catch_kwargs':
        return this.shape.takesKeywords
      case 'catch_varargs':
        return this.shape.takesMore
      case 'caller':
        return this.shape.takesCaller
      case 'explicit_caller':
        return this.shape.parameters.includes('caller')
      default:
        return undefined
    }
  }
}
