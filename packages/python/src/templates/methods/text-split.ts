import { splitWords, strip, whiteSpace } from '../../text/text.js'
import { PythonError } from '../../values/python-error.js'
import { isTrue, type PyValue, tupleOf } from '../../values/value.js'
import { bind } from '../runtime/functions.js'
import { arity, intOr, type Method, text } from './arguments.js'

function splitText(value: string, separator: string | null, most: number): string[] {
  if (separator === '') throw new PythonError('ValueError', 'empty separator')
  const parts = separator === null ? splitWords(value) : value.split(separator)
  if (most < 0 || parts.length <= most) return parts
  if (separator !== null) return [...parts.slice(0, most), parts.slice(most).join(separator)]
  // the rest keeps its white space, its end too
  const rest = strip(value, 'left')
  const spaced = new RegExp(`^(?:[^${whiteSpace}]+[${whiteSpace}]+){${most}}`).exec(rest)
  const left = rest.slice(spaced?.[0].length ?? 0)
  return left === '' ? parts.slice(0, most) : [...parts.slice(0, most), left]
}

function splitFromRight(value: string, separator: string | null, most: number): string[] {
  if (most < 0) return splitText(value, separator, most)
  const mirrored = (part: string) => [...part].reverse().join('')
  return splitText(mirrored(value), separator === null ? null : mirrored(separator), most)
    .map(mirrored)
    .reverse()
}

const splitting =
  (name: string, how: typeof splitText): Method<string> =>
  (value, args, keywords) => {
    const [separator = null, most] = bind(name, ['sep', 'maxsplit'], 0, args, keywords)
    return how(value, separator === null ? null : text([separator], 0), intOr(most, -1))
  }

function partition(value: string, separator: string, last: boolean): PyValue {
  if (separator === '') throw new PythonError('ValueError', 'empty separator')
  const at = last ? value.lastIndexOf(separator) : value.indexOf(separator)
  if (at < 0) return tupleOf(last ? ['', '', value] : [value, '', ''])
  return tupleOf([value.slice(0, at), separator, value.slice(at + separator.length)])
}

const lineBreak = /\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/g

/** str.splitlines() */
export function splitLines(value: string, keepEnds = false): string[] {
  const lines: string[] = []
  let from = 0
  for (const found of value.matchAll(lineBreak)) {
    const end = found.index + found[0].length
    lines.push(value.slice(from, keepEnds ? end : found.index))
    from = end
  }
  if (from < value.length) lines.push(value.slice(from))
  return lines
}

/** str.replace with an optional count. */
export function replaceText(value: string, old: string, by: string, count: number): string {
  if (old === '') {
    const characters = [...value]
    const most = count < 0 ? characters.length + 1 : Math.min(count, characters.length + 1)
    let out = ''
    for (let at = 0; at <= characters.length; at++) out += (at < most ? by : '') + (characters[at] ?? '')
    return out
  }
  const parts = value.split(old)
  if (count < 0) return parts.join(by)
  return parts.slice(0, count + 1).join(by) + (parts.length > count + 1 ? old + parts.slice(count + 1).join(old) : '')
}

/** str's methods that take a text apart. */
export const splitMethods: Readonly<Record<string, Method<string>>> = {
  split: splitting('split', splitText),
  rsplit: splitting('rsplit', splitFromRight),
  splitlines: (value, args, keywords) => {
    const [keepEnds = false] = bind('splitlines', ['keepends'], 0, args, keywords)
    return splitLines(value, isTrue(keepEnds))
  },
  partition: (value, args, keywords) => {
    arity('partition', args, keywords, 1)
    return partition(value, text(args, 0), false)
  },
  rpartition: (value, args, keywords) => {
    arity('rpartition', args, keywords, 1)
    return partition(value, text(args, 0), true)
  },
  replace: (value, args, keywords) => {
    arity('replace', args, keywords, 2, 3)
    return replaceText(value, text(args, 0), text(args, 1), intOr(args[2], -1))
  },
}
