import { PythonError } from '../../values/python-error.js'
import { PyObject, type PyValue } from '../../values/value.js'

/** Arguments given by name. */
export type Keywords = ReadonlyMap<string, PyValue>

/** A function that templates can call. */
export class PyFunction extends PyObject {
  readonly typeName: string

  constructor(
    readonly name: string,
    private readonly body: (args: readonly PyValue[], keywords: Keywords) => PyValue,
    /** For a class, its name: it prints as such. */
    private readonly className: string | null = null,
  ) {
    super()
    this.typeName = className === null ? 'function' : 'type'
  }

  override call(args: readonly PyValue[], keywords: Keywords): PyValue {
    return this.body(args, keywords)
  }

  override repr(): string {
    return this.className === null ? super.repr() : `<class '${this.className}'>`
  }
}

/** No keyword argument is taken. */
export function noKeywords(name: string, keywords: Keywords): void {
  if (keywords.size > 0) throw new PythonError('TypeError', `${name}() takes no keyword arguments`)
}

/** Arguments in the order of a function's parameters, undefined where none was given. Raises as Python does for those that do not fit. */
export function bind(
  name: string,
  parameters: readonly string[],
  required: number,
  args: readonly PyValue[],
  keywords: Keywords,
): (PyValue | undefined)[] {
  if (args.length > parameters.length)
    throw new PythonError('TypeError', `${name}() takes at most ${parameters.length} arguments (${args.length} given)`)
  const places: (PyValue | undefined)[] = [...args]
  for (const [key, value] of keywords) {
    const at = parameters.indexOf(key)
    if (at < 0) throw new PythonError('TypeError', `${name}() got an unexpected keyword argument '${key}'`)
    if (at < args.length) throw new PythonError('TypeError', `${name}() got multiple values for argument '${key}'`)
    places[at] = value
  }
  for (let at = 0; at < required; at++)
    if (places[at] === undefined)
      throw new PythonError('TypeError', `${name}() missing required argument '${parameters[at]}'`)
  return places
}
