import { PythonError } from '../values/python-error.js'
import type { PyValue } from '../values/value.js'
import { formatValue } from './format-spec.js'
import { pyRepr, pyStr } from './text.js'

/** How attributes and items of a field are looked up, and what is done with each formatted field. */
export interface FieldAccess {
  attribute(object: PyValue, name: string): PyValue
  item(object: PyValue, key: PyValue): PyValue
  /** format(value, spec); Markup escapes here. */
  format?(value: PyValue, spec: string): string
}

/** template.format(*args, **keywords). Throws PythonError as Python does. */
export function strFormat(
  template: string,
  args: readonly PyValue[],
  keyword: (name: string) => PyValue | undefined,
  access: FieldAccess,
): string {
  let automatic: number | null = null
  let manual = false
  const field = (name: string): PyValue => {
    const first = /^[^.[]*/.exec(name)![0]
    let value: PyValue | undefined
    if (first === '' || /^\d+$/.test(first)) {
      if (first === '') {
        if (manual) throw switched('manual field specification to automatic field numbering')
        automatic = (automatic ?? -1) + 1
      } else {
        if (automatic !== null) throw switched('automatic field numbering to manual field specification')
        manual = true
      }
      const index = first === '' ? automatic! : Number(first)
      value = args[index]
      if (index >= args.length)
        throw new PythonError('IndexError', `Replacement index ${index} out of range for positional args tuple`)
    } else {
      value = keyword(first)
      if (value === undefined) throw new PythonError('KeyError', pyRepr(first))
    }
    return path(value!, name.slice(first.length), access)
  }
  const write = (text: string, depth: number): string => {
    if (depth === 0) throw new PythonError('ValueError', 'Max string recursion exceeded')
    let out = ''
    for (let at = 0; at < text.length; ) {
      const character = text[at]!
      if (character !== '{' && character !== '}') {
        out += character
        at++
        continue
      }
      if (text[at + 1] === character) {
        out += character
        at += 2
        continue
      }
      if (character === '}') throw new PythonError('ValueError', "Single '}' encountered in format string")
      if (at + 1 >= text.length) throw new PythonError('ValueError', "Single '{' encountered in format string")
      const end = closing(text, at)
      const { name, conversion, spec } = parts(text.slice(at + 1, end))
      const value = converted(field(name), conversion)
      const format = spec.includes('{') ? write(spec, depth - 1) : spec
      out += access.format ? access.format(value, format) : formatValue(value, format)
      at = end + 1
    }
    return out
  }
  return write(template, 2)
}

function switched(how: string): PythonError {
  return new PythonError('ValueError', `cannot switch from ${how}`)
}

function closing(text: string, open: number): number {
  let depth = 0
  let bracket = false
  for (let at = open; at < text.length; at++) {
    if (text[at] === '[' && depth === 1) bracket = true
    else if (text[at] === ']') bracket = false
    else if (bracket) continue
    else if (text[at] === '{') depth++
    else if (text[at] === '}') {
      depth--
      if (depth === 0) return at
    }
  }
  throw new PythonError('ValueError', "expected '}' before end of string")
}

function parts(field: string): { name: string; conversion: string | null; spec: string } {
  const found = /^((?:[^!:[{}]|\[[^\]]*\])*)(?:!([\s\S])(?=:|$))?(?::([\s\S]*))?$/.exec(field)
  if (found === null) throw new PythonError('ValueError', `the field {${field}} of a format string is not understood`)
  return { name: found[1]!, conversion: found[2] ?? null, spec: found[3] ?? '' }
}

function converted(value: PyValue, conversion: string | null): PyValue {
  switch (conversion) {
    case null:
      return value
    case 's':
      return pyStr(value)
    case 'r':
      return pyRepr(value)
    case 'a':
      return asciiRepr(value)
    default:
      throw new PythonError('ValueError', `Unknown conversion specifier '${conversion}'`)
  }
}

/** ascii(value) */
export function asciiRepr(value: PyValue): string {
  return [...pyRepr(value)]
    .map((character) => {
      const code = character.codePointAt(0)!
      if (code < 0x80) return character
      if (code < 0x100) return `\\x${code.toString(16)}`
      return code < 0x10000 ? `\\u${code.toString(16).padStart(4, '0')}` : `\\U${code.toString(16).padStart(8, '0')}`
    })
    .join('')
}

function path(value: PyValue, rest: string, access: FieldAccess): PyValue {
  let found = value
  for (let left = rest; left !== ''; ) {
    const step = /^(?:\.([^.[]+)|\[([^\]]+)\])/.exec(left)
    if (step === null) throw new PythonError('ValueError', 'Empty attribute in format string')
    const key = step[2]
    if (step[1] !== undefined) found = access.attribute(found, step[1])
    else found = access.item(found, /^\d+$/.test(key!) ? Number(key) : key!)
    left = left.slice(step[0].length)
  }
  return found
}
