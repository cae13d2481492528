import { literalEval } from '../text/literal.js'
import type { PyValue } from '../values/value.js'
import type { Expression, Piece } from './syntax.js'
import { Unsupported } from './unsupported.js'

/** A number as it is written. */
export function numberLiteral(text: string): PyValue {
  return literal(text)
}

function literal(text: string): PyValue {
  try {
    return literalEval(text)
  } catch {
    throw new Unsupported(`the literal ${text.slice(0, 40)}`)
  }
}

type Parse = (source: string) => Expression

/** Strings that stand side by side as one expression; `parse` reads what stands in the fields of f-strings. */
export function stringExpression(texts: readonly string[], parse: Parse): Expression {
  const pieces = texts.flatMap((text) => stringPieces(text, parse))
  if (pieces.every((piece) => typeof piece === 'string')) return { kind: 'constant', value: pieces.join('') }
  return { kind: 'text', pieces }
}

function stringPieces(text: string, parse: Parse): Piece[] {
  const [, prefix = '', quotes = ''] = /^([a-zA-Z]*)('''|"""|'|")/.exec(text)!
  const kind = prefix.toLowerCase()
  const body = text.slice(prefix.length + quotes.length, -quotes.length)
  if (kind.includes('b')) throw new Unsupported('bytes')
  // a backslash of a raw string stays, also before a quote
  const plain = (part: string): string => {
    if (kind.includes('r')) return part
    if (/\\N\{/.test(part)) throw new Unsupported('\\N{}')
    return literal(`${quotes.length === 3 ? quotes : quotes.repeat(1)}${part}${quotes}`) as string
  }
  if (!kind.includes('f')) return [plain(body)]
  const pieces: Piece[] = []
  let from = 0
  let at = 0
  const flush = (to: number) => {
    if (to > from) pieces.push(plain(body.slice(from, to).replaceAll('{{', '{').replaceAll('}}', '}')))
  }
  while (at < body.length) {
    const character = body[at]
    if ((character === '{' || character === '}') && body[at + 1] === character) at += 2
    else if (character === '{') {
      flush(at)
      const end = closingBrace(body, at + 1)
      pieces.push(field(body.slice(at + 1, end), parse))
      at = end + 1
      from = at
    } else at += character === '\\' && !kind.includes('r') ? 2 : 1
  }
  flush(body.length)
  return pieces
}

/** Place of the brace that ends a field of an f-string. */
function closingBrace(body: string, start: number): number {
  let depth = 0
  let quote: string | null = null
  for (let at = start; at < body.length; at++) {
    const character = body[at]!
    if (quote !== null) {
      if (character === '\\') at++
      else if (character === quote) quote = null
    } else if (character === '"' || character === "'") quote = character
    else if ('([{'.includes(character)) depth++
    else if (character === '}' && depth === 0) return at
    else if (')]}'.includes(character)) depth--
  }
  throw new Unsupported('an open field of an f-string')
}

function field(source: string, parse: Parse): Piece {
  const conversion = /!([rsa])$/.exec(source)
  const text = conversion === null ? source : source.slice(0, -2)
  if (conversion?.[1] === 'a') throw new Unsupported('!a')
  if (/=\s*$/.test(text)) throw new Unsupported(`the field {${source}}`)
  return { value: parse(text.trim()), repr: conversion?.[1] === 'r' }
}
