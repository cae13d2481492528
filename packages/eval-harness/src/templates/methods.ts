import { codePoints, isDigits, pyStr, splitWords, strip, whiteSpace } from '../python/text.js'
import { equals, isDict, type PyDict, PyTuple, type PyValue, tupleOf, typeName } from '../python/value.js'
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

function count(args: readonly PyValue[], index: number, fallback: number): number {
  const value = args[index]
  if (value === undefined) return fallback
  if (typeof value === 'number') return value
  throw new TemplateError('TypeError', `'${typeName(value)}' object cannot be interpreted as an integer`)
}

function characters(args: readonly PyValue[], index = 0): string | null {
  return args[index] === undefined || args[index] === null ? null : text(args, index)
}

/** Any of several beginnings or ends. */
function options(args: readonly PyValue[]): string[] {
  const [first] = args
  return first instanceof PyTuple ? [...first].map((_, index) => text(first, index)) : [text(args, 0)]
}

const lineBreak = /\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/
const all = (pattern: RegExp) => (value: string) => value !== '' && pattern.test(value)
const isAlphabetic = all(/^\p{L}+$/u)
const isAlphanumeric = all(/^[\p{L}\p{N}]+$/u)
const isSpace = all(new RegExp(`^[${whiteSpace}]+$`))

const textMethods: Readonly<Record<string, (value: string, args: readonly PyValue[]) => PyValue>> = {
  strip: (value, args) => strip(value, 'both', characters(args)),
  lstrip: (value, args) => strip(value, 'left', characters(args)),
  rstrip: (value, args) => strip(value, 'right', characters(args)),
  upper: (value) => value.toUpperCase(),
  lower: (value) => value.toLowerCase(),
  casefold: (value) => value.toLowerCase().replaceAll('ß', 'ss'),
  capitalize,
  title: titleCase,
  swapcase: (value) =>
    [...value].map((part) => (part === part.toUpperCase() ? part.toLowerCase() : part.toUpperCase())).join(''),
  split: (value, args) => splitText(value, characters(args), count(args, 1, -1)),
  rsplit: (value, args) => splitFromRight(value, characters(args), count(args, 1, -1)),
  partition: (value, args) => {
    const at = value.indexOf(text(args, 0))
    const separator = text(args, 0)
    return tupleOf(at < 0 ? [value, '', ''] : [value.slice(0, at), separator, value.slice(at + separator.length)])
  },
  rpartition: (value, args) => {
    const at = value.lastIndexOf(text(args, 0))
    const separator = text(args, 0)
    return tupleOf(at < 0 ? ['', '', value] : [value.slice(0, at), separator, value.slice(at + separator.length)])
  },
  splitlines: (value) => {
    const lines = value.split(lineBreak)
    return lines.at(-1) === '' ? lines.slice(0, -1) : lines
  },
  replace: (value, args) => replaceText(value, text(args, 0), text(args, 1), count(args, 2, -1)),
  index: (value, args) => found(value, value.indexOf(text(args, 0))),
  rindex: (value, args) => found(value, value.lastIndexOf(text(args, 0))),
  find: (value, args) => place(value, value.indexOf(text(args, 0))),
  rfind: (value, args) => place(value, value.lastIndexOf(text(args, 0))),
  count: (value, args) => (text(args, 0) === '' ? codePoints(value) + 1 : value.split(text(args, 0)).length - 1),
  startswith: (value, args) => options(args).some((option) => value.startsWith(option)),
  endswith: (value, args) => options(args).some((option) => value.endsWith(option)),
  removeprefix: (value, args) => (value.startsWith(text(args, 0)) ? value.slice(text(args, 0).length) : value),
  removesuffix: (value, args) =>
    text(args, 0) !== '' && value.endsWith(text(args, 0)) ? value.slice(0, -text(args, 0).length) : value,
  join: (value, args) => {
    const items = args[0]
    if (!Array.isArray(items)) throw new TemplateError('TypeError', 'can only join an iterable')
    return items.map((_, index) => text(items, index)).join(value)
  },
  ljust: (value, args) => value + padding(value, args, 1)[1],
  rjust: (value, args) => padding(value, args, 1)[1] + value,
  center: (value, args) => {
    const [left, right] = padding(value, args, 2)
    return left + value + right
  },
  zfill: (value, args) => {
    const zeros = '0'.repeat(Math.max(0, count(args, 0, 0) - codePoints(value)))
    return /^[+-]/.test(value) ? value[0] + zeros + value.slice(1) : zeros + value
  },
  isdigit: isDigits,
  isnumeric: all(/^\p{N}+$/u),
  isdecimal: all(/^\p{Nd}+$/u),
  isalpha: isAlphabetic,
  isalnum: isAlphanumeric,
  isspace: isSpace,
  isupper: (value) => value === value.toUpperCase() && value !== value.toLowerCase(),
  islower: (value) => value === value.toLowerCase() && value !== value.toUpperCase(),
  istitle: (value) => value === titleCase(value) && value.toLowerCase() !== value.toUpperCase(),
  format: () => {
    throw new TemplateError('TemplateSyntaxError', 'str.format is not supported in task templates')
  },
}

function textMethod(value: string, name: string, args: readonly PyValue[]): PyValue | undefined {
  return textMethods[name]?.(value, args)
}

/** A place in UTF-16 units as one in code points. */
function place(value: string, at: number): number {
  return at < 0 ? -1 : codePoints(value.slice(0, at))
}

function found(value: string, at: number): number {
  if (at < 0) throw new TemplateError('ValueError', 'substring not found')
  return place(value, at)
}

/** Padding on the left and the right up to a width; with two sides Python puts an odd one left where the width is odd. */
function padding(value: string, args: readonly PyValue[], sides: 1 | 2): readonly [string, string] {
  const width = count(args, 0, 0)
  const fill = args[1] === undefined ? ' ' : text(args, 1)
  const missing = Math.max(0, width - codePoints(value))
  if (sides === 1) return ['', fill.repeat(missing)]
  const left = Math.floor(missing / 2) + (missing & width & 1)
  return [fill.repeat(left), fill.repeat(missing - left)]
}

function splitFromRight(value: string, separator: string | null, most: number): string[] {
  const mirrored = (part: string) => [...part].reverse().join('')
  if (most < 0) return splitText(value, separator, most)
  return splitText(mirrored(value), separator === null ? null : mirrored(separator), most)
    .map(mirrored)
    .reverse()
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
  if (separator === null) {
    const rest = strip(value, 'left')
    const spaced = new RegExp(`^(?:[^${whiteSpace}]+[${whiteSpace}]+){${most}}`).exec(rest)!
    return [...parts.slice(0, most), rest.slice(spaced[0].length)]
  }
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
    case 'copy':
      return [...value]
    case 'append':
      ;(value as PyValue[]).push(args[0]!)
      return null
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
      return [...value].map(([key, item]) => tupleOf([key, item]))
    case 'copy':
      return new Map(value)
    default:
      return undefined
  }
}
