/**
 * A template's source as the parser of @huggingface/jinja understands it: raw blocks become text expressions, numbers lose Python's other
 * spellings, names beyond ASCII are spelled in ASCII (see originalName).
 */
export function prepareSource(source: string): string {
  let out = ''
  let at = 0
  while (at < source.length) {
    const open = nextTag(source, at)
    if (open < 0) return out + source.slice(at)
    out += source.slice(at, open)
    const raw = /^\{%([-+]?)\s*raw\s*([-+]?)%\}/.exec(source.slice(open))
    if (raw) {
      const inner = open + raw[0].length
      const end = /\{%([-+]?)\s*endraw\s*([-+]?)%\}/.exec(source.slice(inner))
      if (end === null) return out + source.slice(open)
      let text = source.slice(inner, inner + end.index)
      if (raw[2] === '-') text = text.trimStart()
      if (end[1] === '-') text = text.trimEnd()
      out += `{{${raw[1] === '-' ? '-' : ''} ${quoted(text)} ${end[2] === '-' ? '-' : ''}}}`
      at = inner + end.index + end[0].length
    } else if (source.startsWith('{#', open)) {
      const end = source.indexOf('#}', open + 2)
      at = end < 0 ? source.length : end + 2
      out += source.slice(open, at)
    } else {
      at = tagEnd(source, open)
      out += prepareCode(source.slice(open, at))
    }
  }
  return out
}

/** A name of the parser as the template spells it. */
export function originalName(name: string): string {
  return name.replace(/_u([\da-f]+)_/g, (_, code: string) => String.fromCodePoint(Number.parseInt(code, 16)))
}

function nextTag(source: string, from: number): number {
  const found = /\{[{%#]/g
  found.lastIndex = from
  return found.exec(source)?.index ?? -1
}

/** End of a tag that begins at `open`; texts may hold its closing characters. */
function tagEnd(source: string, open: number): number {
  const close = source[open + 1] === '{' ? '}}' : '%}'
  for (let at = open + 2; at < source.length; ) {
    const string = stringAt(source, at)
    if (string !== null) at += string.length
    else if (source.startsWith(close, at)) return at + 2
    else at++
  }
  return source.length
}

function stringAt(source: string, at: number): string | null {
  const quote = source[at]
  if (quote !== '"' && quote !== "'") return null
  for (let end = at + 1; end < source.length; end++) {
    if (source[end] === '\\') end++
    else if (source[end] === quote) return source.slice(at, end + 1)
  }
  return source.slice(at)
}

const number = /^(?:0[xX][\da-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|\d[\d_]*(?:\.\d[\d_]*)?(?:[eE][+-]?\d[\d_]*)?)/

function prepareCode(code: string): string {
  let out = ''
  for (let at = 0; at < code.length; ) {
    const string = stringAt(code, at)
    const rest = code.slice(at)
    const name = /^[\p{L}_][\p{L}\p{M}\p{N}_]*/u.exec(rest)?.[0]
    const digits = number.exec(rest)?.[0]
    if (string !== null) {
      out += string
      at += string.length
    } else if (name !== undefined) {
      out += name.replace(/[^\x00-\x7f]/gu, (character) => `_u${character.codePointAt(0)!.toString(16)}_`)
      at += name.length
    } else if (digits !== undefined) {
      out += plainNumber(digits)
      at += digits.length
    } else {
      out += code[at]
      at++
    }
  }
  return out
}

function plainNumber(digits: string): string {
  const plain = digits.replaceAll('_', '')
  if (/^0[xXbBoO]/.test(plain)) return BigInt(plain).toString()
  if (!/[eE]/.test(plain)) return plain
  // floats of a size that JavaScript writes without exponent; others stay what the parser refuses
  const text = String(Number(plain))
  return text.includes('e') ? plain : text.includes('.') ? text : `${text}.0`
}

function quoted(text: string): string {
  return `'${text.replace(/['\\]/g, '\\$&').replaceAll('\n', '\\n')}'`
}
