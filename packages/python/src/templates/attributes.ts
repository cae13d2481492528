import { formatValue } from '../text/format-spec.js'
import { type FieldAccess, strFormat } from '../text/str-format.js'
import { pyRepr } from '../text/text.js'
import { getItem } from '../values/dict-keys.js'
import { PythonError } from '../values/python-error.js'
import { sliceList } from '../values/slice.js'
import { isDict, PyFloat, PyObject, PyTuple, type PyValue, tupleOf, typeName } from '../values/value.js'
import { callMethod, methodOf } from './methods/call-method.js'
import { floatAttributes, intAttributes } from './methods/number-methods.js'
import type { Environment } from './runtime/context.js'
import { type Keywords, noKeywords } from './runtime/functions.js'
import { GroupTuple } from './runtime/group-tuple.js'
import { like, Markup, textOf, toMarkup } from './runtime/markup.js'
import { Cycler, Namespace } from './runtime/namespace.js'
import { PyRange } from './runtime/range.js'
import { Undefined } from './runtime/undefined.js'

/** A method bound to its object, as `s.strip` without a call is. */
export class BoundMethod extends PyObject {
  readonly typeName = 'builtin_function_or_method'

  constructor(
    readonly object: PyValue,
    readonly name: string,
    private readonly environment: Environment,
  ) {
    super()
  }

  override call(args: readonly PyValue[], keywords: Keywords): PyValue {
    const text = textOf(this.object)
    if (text !== null && (this.name === 'format' || this.name === 'format_map'))
      return formatCall(this.object, text, this.name === 'format_map', args, keywords, this.environment)
    return callMethod(this.object, this.name, args, keywords)!
  }
}

/** Methods that Python has and templates here do not: their use is an error, never another text. */
const missingMethods: Readonly<Record<string, readonly string[]>> = {
  str: ['encode', 'maketrans'],
  Markup: ['encode', 'maketrans'],
  int: ['to_bytes', 'from_bytes'],
  bool: ['to_bytes', 'from_bytes'],
  float: ['hex', 'fromhex'],
  dict_keys: ['isdisjoint', 'mapping'],
  dict_items: ['isdisjoint', 'mapping'],
  dict_values: ['mapping'],
  generator: ['send', 'throw', 'close', 'gi_running', 'gi_yieldfrom', 'gi_suspended', 'gi_frame', 'gi_code'],
}

const changing: Readonly<Record<string, ReadonlySet<string>>> = {
  list: new Set(['append', 'clear', 'pop', 'reverse', 'insert', 'sort', 'extend', 'remove']),
  dict: new Set(['clear', 'pop', 'popitem', 'setdefault', 'update']),
}

/** Attributes of every Python object that make sense to ask for; they are not supported, and out of reach in a sandbox. */
const special =
  /^__(class|init|new|doc|dict|module|repr|str|eq|ne|lt|le|gt|ge|hash|len|iter|getitem|contains|add|mul|rmul|mod|rmod|getattribute|setattr|delattr|dir|sizeof|reduce|reduce_ex|format|subclasshook|init_subclass|getnewargs|reversed|setitem|delitem|iadd|imul|class_getitem|or|ror|ior|call|name|qualname|self|text_signature|bool|int|float|abs|neg|pos|round|index|sub|truediv|floordiv|pow|and|xor|next|del|html|html_format)__$/

/** getattr(object, name) alone: a real attribute, or undefined where there is none. */
export function realAttribute(object: PyValue, name: string, environment: Environment): PyValue | undefined {
  if (object instanceof PyObject) {
    const found = object.attribute(name)
    if (found !== undefined) return found
    if (object instanceof Undefined || object instanceof Namespace) return undefined
    if (object instanceof Cycler && name === 'items') return tupleOf(object.cycled)
    if (object instanceof Cycler && name === 'current') return object.cycled[object.at]
    if (object instanceof Cycler && name === 'pos') return object.at
  }
  if (name.startsWith('_')) {
    if (!special.test(name)) return undefined
    if (environment.sandboxed) return unsafe(object, name)
    throw new PythonError('AttributeError', `the attribute ${name} is not supported in templates`)
  }
  if (object instanceof PyFloat) {
    if (Object.hasOwn(floatAttributes, name)) return floatAttributes[name]!(object)
  } else if (typeof object === 'number' || typeof object === 'bigint' || typeof object === 'boolean') {
    if (Object.hasOwn(intAttributes, name)) return intAttributes[name]!(object)
  }
  if (object instanceof GroupTuple) {
    const part = object.named(name)
    if (part !== undefined) return part
  }
  const isText = textOf(object) !== null
  if (methodOf(object, name) !== undefined || (isText && (name === 'format' || name === 'format_map'))) {
    if (environment.sandboxed && changing[typeName(object)]?.has(name)) return unsafe(object, name)
    return new BoundMethod(object, name, environment)
  }
  if (missingMethods[typeName(object)]?.includes(name))
    throw new PythonError('AttributeError', `${typeName(object)}.${name} is not supported in templates`)
  return undefined
}

function unsafe(object: PyValue, name: string): Undefined {
  const message = `access to attribute ${pyRepr(name)} of ${pyRepr(typeName(object))} object is unsafe.`
  return new Undefined(message, false, 'SecurityError')
}

/** object[key] alone; undefined where Python raises TypeError or LookupError. */
function realItem(object: PyValue, key: PyValue): PyValue | undefined {
  if (isDict(object)) {
    const hashed = key instanceof Markup ? key.text : key
    if (Array.isArray(hashed) && !(hashed instanceof PyTuple)) return undefined
    if (isDict(hashed)) return undefined
    return getItem(object, hashed)
  }
  if (object instanceof PyObject) {
    if (object.item) return object.item(key)
    if (!(object instanceof Markup)) return undefined
  }
  const index = typeof key === 'boolean' ? Number(key) : key
  if (typeof index !== 'number') return undefined
  if (Array.isArray(object)) return object[index < 0 ? index + object.length : index] as PyValue | undefined
  const text = textOf(object)
  if (text === null) return undefined
  const list = [...text]
  const character = list[index < 0 ? index + list.length : index]
  return character === undefined ? undefined : like(object, character)
}

function missing(object: PyValue, name: PyValue, environment: Environment): Undefined {
  const type = object === null ? 'None' : `${typeName(object)} object`
  const message =
    textOf(name) === null
      ? `${type} has no element ${shown(name)}`
      : `${pyRepr(type)} has no attribute ${pyRepr(textOf(name)!)}`
  return new Undefined(message, environment.strict)
}

function shown(name: PyValue): string {
  try {
    return pyRepr(name)
  } catch {
    return typeName(name)
  }
}

/** environment.getattr: `object.name`, an attribute before an item. */
export function getAttribute(object: PyValue, name: string, environment: Environment): PyValue {
  const found = realAttribute(object, name, environment)
  if (found !== undefined) return found
  const item = realItem(object, name)
  return item === undefined ? missing(object, name, environment) : item
}

/** environment.getitem: `object[key]`, an item before an attribute. */
export function getMember(object: PyValue, key: PyValue, environment: Environment): PyValue {
  const item = realItem(object, key)
  if (item !== undefined) return item
  const name = textOf(key)
  if (name !== null) {
    const found = realAttribute(object, name, environment)
    if (found !== undefined) return found
  }
  return missing(object, key, environment)
}

/** object[start:stop:step] */
export function getSlice(object: PyValue, bounds: readonly [PyValue, PyValue, PyValue]): PyValue {
  if (object instanceof Undefined) throw object.error()
  const [start, stop, step] = bounds.map((bound) => {
    if (bound === null) return null
    if (typeof bound === 'number' || typeof bound === 'boolean') return Number(bound)
    if (typeof bound === 'bigint') return bound > 0n ? Number.MAX_SAFE_INTEGER : Number.MIN_SAFE_INTEGER
    throw new PythonError('TypeError', 'slice indices must be integers or None or have an __index__ method')
  }) as [number | null, number | null, number | null]
  const text = textOf(object)
  if (text === null && !Array.isArray(object) && !(object instanceof PyRange))
    throw new PythonError('TypeError', `'${typeName(object)}' object cannot be sliced`)
  if (step === 0) throw new PythonError('ValueError', 'slice step cannot be zero')
  if (text !== null) return like(object, sliceList([...text], start, stop, step).join(''))
  if (object instanceof PyRange) return rangeSlice(object, start, stop, step)
  const part = sliceList(object as readonly PyValue[], start, stop, step)
  return object instanceof PyTuple ? tupleOf(part) : part
}

function rangeSlice(range: PyRange, start: number | null, stop: number | null, step: number | null): PyRange {
  const by = step ?? 1
  const size = range.count
  const place = (bound: number | null, fallback: number) => {
    if (bound === null) return fallback
    const from = bound < 0 ? bound + size : bound
    return by > 0 ? Math.min(Math.max(from, 0), size) : Math.min(Math.max(from, -1), size - 1)
  }
  const [first, end] = by > 0 ? [place(start, 0), place(stop, size)] : [place(start, size - 1), place(stop, -1)]
  const at = (index: number) => range.start + index * range.step
  return new PyRange(at(first), at(end), range.step * by)
}

/** str.format and format_map; a sandbox looks fields up by its own rules, Markup escapes what is put in. */
function formatCall(
  object: PyValue,
  template: string,
  isMap: boolean,
  args: readonly PyValue[],
  keywords: Keywords,
  environment: Environment,
): PyValue {
  if (isMap) {
    noKeywords('format_map', keywords)
    if (args.length !== 1 || !isDict(args[0])) throw new PythonError('TypeError', 'format_map() takes one mapping')
  }
  const escapes = object instanceof Markup
  const strictly = (found: PyValue | undefined, fail: () => PythonError): PyValue => {
    if (found === undefined) throw fail()
    return found
  }
  const access: FieldAccess = {
    attribute: (value, name) =>
      environment.sandboxed
        ? getAttribute(value, name, environment)
        : strictly(
            realAttribute(value, name, environment),
            () => new PythonError('AttributeError', `'${typeName(value)}' object has no attribute '${name}'`),
          ),
    item: (value, key) =>
      environment.sandboxed
        ? getMember(value, key, environment)
        : strictly(realItem(value, key), () => new PythonError('LookupError', `no item ${pyRepr(key)}`)),
    format: (value, spec) => {
      if (!escapes) return formatValue(value, spec)
      if (value instanceof Markup) {
        if (spec !== '') throw new PythonError('ValueError', 'Unsupported format specification for Markup.')
        return value.text
      }
      return toMarkup(formatValue(value, spec)).text
    },
  }
  const named = isMap ? (args[0] as ReadonlyMap<string, PyValue>) : keywords
  const text = strFormat(template, isMap ? [] : args, (name) => named.get(name), access)
  return like(object, text)
}
