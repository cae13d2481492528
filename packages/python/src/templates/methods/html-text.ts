import { splitWords } from '../../text/text.js'
import { PythonError } from '../../values/python-error.js'

const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: '\xa0' }

/** Entities that need no semicolon. */
const legacy =
  /^(?:[AEIOUYaeiouy](?:acute|grave|circ|uml)|[ANOano]tilde|[Aa]ring|[Cc]cedil|[Oo]slash|AElig|aelig|szlig|AMP|amp|GT|gt|LT|lt|QUOT|quot|COPY|copy|REG|reg|ETH|eth|THORN|thorn|acute|brvbar|cedil|cent|curren|deg|divide|frac12|frac14|frac34|iexcl|iquest|[lr]aquo|macr|micro|middot|nbsp|not|ord[fm]|para|plusmn|pound|sect|shy|sup[123]|times|uml|yen)/

/** html.unescape for numbers and the entities that escaping makes; others are refused by name. */
export function unescapeText(text: string): string {
  return text.replace(/&(#\d+;?|#[xX][\da-fA-F]+;?|[^\t\n\f <&#;]{1,32};?)/g, (whole, body: string) => {
    const plain = body.replace(/;$/, '')
    if (plain.startsWith('#')) {
      const code = /^#[xX]/.test(plain) ? Number.parseInt(plain.slice(2), 16) : Number(plain.slice(1))
      if (code < 32 || (code >= 127 && code < 160) || code > 0x10ffff)
        throw new PythonError('ValueError', `the character reference ${whole} is not supported in templates`)
      return String.fromCodePoint(code)
    }
    if (named[plain] !== undefined && body.endsWith(';')) return named[plain]
    if (!body.endsWith(';') && !legacy.test(plain)) return whole
    throw new PythonError('ValueError', `the entity ${whole} is not supported in templates`)
  })
}

/** Markup.striptags(): comments and tags go, white space is one blank, entities are characters. */
export function stripTags(text: string): string {
  let value = text
  for (let start = value.indexOf('<!--'); start >= 0; start = value.indexOf('<!--')) {
    const end = value.indexOf('-->', start)
    if (end < 0) break
    value = value.slice(0, start) + value.slice(end + 3)
  }
  for (let start = value.indexOf('<'); start >= 0; start = value.indexOf('<')) {
    const end = value.indexOf('>', start)
    if (end < 0) break
    value = value.slice(0, start) + value.slice(end + 1)
  }
  return unescapeText(splitWords(value).join(' '))
}
