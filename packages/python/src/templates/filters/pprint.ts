import { codePoints, pyRepr } from '../../text/text.js'
import { PythonError } from '../../values/python-error.js'
import { isDict, type PyDict, PyTuple, type PyValue } from '../../values/value.js'
import { splitLines } from '../methods/text-split.js'
import { compare } from '../operators.js'

/** pprint.pformat(value): dicts by their keys, what is wider than 80 on several lines. */
export function prettyPrint(value: PyValue): string {
  return format(value, 0, 0, 0)
}

const width = 80

function sortedItems(dict: PyDict): (readonly [PyValue, PyValue])[] {
  const items = [...dict] as (readonly [PyValue, PyValue])[]
  try {
    return items.sort(([a], [b]) => compare(a, b, '<'))
  } catch (cause) {
    if (!(cause instanceof PythonError)) throw cause
    throw new PythonError('TypeError', 'pprint of a dict with keys of several types is not supported in templates')
  }
}

function repr(value: PyValue): string {
  if (isDict(value))
    return `{${sortedItems(value)
      .map(([key, item]) => `${repr(key)}: ${repr(item)}`)
      .join(', ')}}`
  if (!Array.isArray(value)) return pyRepr(value)
  const inner = (value as readonly PyValue[]).map(repr).join(', ')
  if (!(value instanceof PyTuple)) return `[${inner}]`
  return `(${inner}${value.length === 1 ? ',' : ''})`
}

function format(value: PyValue, indent: number, allowance: number, level: number): string {
  const text = repr(value)
  if (codePoints(text) <= width - indent - allowance) return text
  if (isDict(value)) return `{${dictItems(value, indent, allowance + 1, level + 1)}}`
  if (typeof value === 'string') return formatText(value, indent, allowance, level + 1)
  if (!Array.isArray(value)) return text
  const list = value as readonly PyValue[]
  if (!(value instanceof PyTuple)) return `[${listItems(list, indent, allowance + 1, level + 1)}]`
  const end = value.length === 1 ? ',)' : ')'
  return `(${listItems(list, indent, allowance + end.length, level + 1)}${end}`
}

function dictItems(dict: PyDict, outer: number, allowance: number, level: number): string {
  const indent = outer + 1
  const items = sortedItems(dict)
  return items
    .map(([key, item], index) => {
      const shown = repr(key)
      const room = index === items.length - 1 ? allowance : 1
      return `${shown}: ${format(item, indent + codePoints(shown) + 2, room, level)}`
    })
    .join(`,\n${' '.repeat(indent)}`)
}

function listItems(list: readonly PyValue[], outer: number, allowance: number, level: number): string {
  const indent = outer + 1
  return list
    .map((item, index) => format(item, indent, index === list.length - 1 ? allowance : 1, level))
    .join(`,\n${' '.repeat(indent)}`)
}

function formatText(text: string, outer: number, given: number, level: number): string {
  if (text === '') return pyRepr(text)
  const top = level === 1
  const [indent, allowance] = top ? [outer + 1, given + 1] : [outer, given]
  const chunks: string[] = []
  const lines = splitLines(text, true)
  let last = ''
  for (const [index, line] of lines.entries()) {
    const isLast = index === lines.length - 1
    last = pyRepr(line)
    if (codePoints(last) <= width - indent - (isLast ? allowance : 0)) chunks.push(last)
    else chunks.push(...wrapLine(line, width - indent, isLast ? allowance : 0))
  }
  if (chunks.length === 1) return last
  const joined = chunks.join(`\n${' '.repeat(indent)}`)
  return top ? `(${joined})` : joined
}

function wrapLine(line: string, most: number, allowance: number): string[] {
  const parts = line.match(/\S*\s*/g)!.filter((part) => part !== '')
  const chunks: string[] = []
  let current = ''
  for (const [index, part] of parts.entries()) {
    const room = index === parts.length - 1 ? most - allowance : most
    if (codePoints(pyRepr(current + part)) > room) {
      if (current !== '') chunks.push(pyRepr(current))
      current = part
    } else current += part
  }
  if (current !== '') chunks.push(pyRepr(current))
  return chunks
}
