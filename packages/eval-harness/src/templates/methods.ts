import { codePoints, isDigits, pyStr, splitWords, strip } from '../python/text.js'
import { equals, isDict, type PyDict, type PyValue, typeName } from '../python/value.js'
import { TemplateError } from './template-error.js'

/** A method call on a Python value, such as s.strip() or l.index(x); undefined when the type has no such method. */
export function callMethod(object: PyValue, name: string, args: readonly PyValue[]): PyValue | undefined {
  if (typeof object === 'string') return textMethod(object, name, args)
  if (Array.isArray(object)) return listMethod(object, name, args)
  if (isDict(object)) return dictMethod(object, name, args)
  return undefined
}

function text(args: readonly PyValue[], index: number): string {
  const value = args[index]
  if (typeof value === 'string') return value
  throw new TemplateError('TypeError', `expected str, not ${value === undefined ? 'nothing' : typeName(value)}`)
}

function textMethod(value: string, name: string, args: readonly PyValue[]): PyValue | undefined {
  const characters = args[0] === undefined || args[0] === null ? null : text(args, 0)
  switch (name) {
    case 'strip':
      return strip(value, 'both', characters)
    case 'lstrip':
      return strip(value, 'left', characters)
    case 'rstrip':
      return strip(value, 'right', characters)
    case 'upper':
      return value.toUpperCase()
    case 'lower':
      return value.toLowerCase()
    case 'capitalize':
      return capitalize(value)
    case 'title':
      return titleCase(value)
    case 'split':
      return splitText(value, characters, typeof args[1] === 'number' ? args[1] : -1)
    case 'splitlines':
      return value === ''
        ? []
        : value
            .replace(/(\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029])$/, '')
            .split(/\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/)
    case 'replace':
      return replaceText(value, text(args, 0), text(args, 1), typeof args[2] === 'number' ? args[2] : -1)
    case 'index': {
      const at = value.indexOf(text(args, 0))
      if (at < 0) throw new TemplateError('ValueError', 'substring not found')
      return codePoints(value.slice(0, at))
    }
    case 'find': {
      const at = value.indexOf(text(args, 0))
      return at < 0 ? -1 : codePoints(value.slice(0, at))
    }
    case 'count':
      return text(args, 0) === '' ? codePoints(value) + 1 : value.split(text(args, 0)).length - 1
    case 'startswith':
      return value.startsWith(text(args, 0))
    case 'endswith':
      return value.endsWith(text(args, 0))
    case 'join':
      return (args[0] as readonly PyValue[]).map((_, index) => text(args[0] as readonly PyValue[], index)).join(value)
    case 'isdigit':
      return isDigits(value)
    case 'format':
      throw new TemplateError('TypeError', 'str.format is not supported in templates')
    default:
      return undefined
  }
}

/** str.capitalize(): the first character in title case, the rest in lower case. */
export function capitalize(value: string): string {
  const [first = ''] = value
  // lower case of the whole: a final sigma depends on what stands before it
  return titleCharacter(first) + value.toLowerCase().slice(first.toLowerCase().length)
}

function titleCase(value: string): string {
  return value.replace(/\p{L}[\p{L}\p{M}]*/gu, capitalize)
}

// letters whose title case is not their upper case: the three digraphs and dz
const titleForms: Readonly<Record<string, string>> = {
  Ǆ: 'ǅ',
  ǅ: 'ǅ',
  ǆ: 'ǅ',
  Ǉ: 'ǈ',
  ǈ: 'ǈ',
  ǉ: 'ǈ',
  Ǌ: 'ǋ',
  ǋ: 'ǋ',
  ǌ: 'ǋ',
  Ǳ: 'ǲ',
  ǲ: 'ǲ',
  ǳ: 'ǲ',
}

function titleCharacter(character: string): string {
  const title = titleForms[character]
  if (title !== undefined) return title
  const upper = character.toUpperCase()
  // ß and ligatures grow: only their first letter is upper case
  return upper.length > character.length ? upper[0] + upper.slice(1).toLowerCase() : upper
}

function splitText(value: string, separator: string | null, most: number): string[] {
  if (separator === '') throw new TemplateError('ValueError', 'empty separator')
  const parts = separator === null ? splitWords(value) : value.split(separator)
  if (most < 0 || parts.length <= most + 1) return parts
  if (separator === null) throw new TemplateError('ValueError', 'split with a limit needs a separator')
  return [...parts.slice(0, most), parts.slice(most).join(separator)]
}

/** str.replace with an optional count. */
export function replaceText(value: string, old: string, by: string, count: number): string {
  if (count < 0) return value.split(old).join(by)
  const parts = value.split(old)
  return parts.slice(0, count + 1).join(by) + (parts.length > count + 1 ? old + parts.slice(count + 1).join(old) : '')
}

function listMethod(value: readonly PyValue[], name: string, args: readonly PyValue[]): PyValue | undefined {
  switch (name) {
    case 'index': {
      const at = value.findIndex((item) => equals(item, args[0]!))
      if (at < 0) throw new TemplateError('ValueError', `${pyStr(args[0]!)} is not in list`)
      return at
    }
    case 'count':
      return value.filter((item) => equals(item, args[0]!)).length
    default:
      return undefined
  }
}

function dictMethod(value: PyDict, name: string, args: readonly PyValue[]): PyValue | undefined {
  switch (name) {
    case 'get':
      return value.get(text(args, 0)) ?? args[1] ?? null
    case 'keys':
      return [...value.keys()]
    case 'values':
      return [...value.values()]
    case 'items':
      return [...value].map(([key, item]) => [key, item])
    default:
      return undefined
  }
}
