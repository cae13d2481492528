import { whiteSpace } from '../../text/text.js'
import type { PyValue } from '../../values/value.js'
import { escapeText, toMarkup } from '../runtime/markup.js'

interface Links {
  /** Longest text of a link, null for any. */
  readonly limit: number | null
  readonly rel: string
  readonly target: string | null
  /** Beginnings of other addresses that become links. */
  readonly schemes: readonly string[]
}

const w = '[\\p{L}\\p{N}_]'
const url = new RegExp(
  `^((https?://|www\\.)((${w}|[%-])+\\.)*([a-z]{2,63}|xn--(${w}|%){2,59})|((${w}|[%-]){2,63}\\.)+(com|net|int|edu|gov|org|info|mil)|(https?://)((\\p{Nd}{1,3}(\\.\\p{Nd}{1,3}){3})|(\\[([\\p{Nd}a-f]{0,4}:){2}([\\p{Nd}a-f]{0,4}:?){1,6}\\])))(:\\p{Nd}{1,5})?([/?#][^${whiteSpace}]*)?\\n?$`,
  'iu',
)
const email = new RegExp(`^[^${whiteSpace}]+@${w}(${w}|[.-])*\\.${w}+\\n?$`, 'u')
const pairs = [
  ['(', ')'],
  ['<', '>'],
  ['&lt;', '&gt;'],
] as const

const count = (text: string, sought: string) => text.split(sought).length - 1

/** jinja2.utils.urlize: addresses in a text as links. */
export function urlize(value: PyValue, { limit, rel, target, schemes }: Links): string {
  const attributes = (rel === '' ? '' : ` rel="${escapeText(rel)}"`) + (target ? ` target="${escapeText(target)}"` : '')
  const shown = (text: string) => {
    const characters = [...text]
    if (limit === null || characters.length <= limit) return text
    return `${characters.slice(0, limit < 0 ? characters.length + limit : limit).join('')}...`
  }
  const link = (text: string): string => {
    if (url.test(text)) {
      const address = /^https?:\/\//.test(text) ? text : `https://${text}`
      return `<a href="${address}"${attributes}>${shown(text)}</a>`
    }
    if (text.startsWith('mailto:') && email.test(text.slice(7))) return `<a href="${text}">${text.slice(7)}</a>`
    if (text.includes('@') && !/^(www\.|@)/.test(text) && !text.includes(':') && email.test(text))
      return `<a href="mailto:${text}">${text}</a>`
    let result = text
    for (const scheme of schemes)
      if (result !== scheme && result.startsWith(scheme)) result = `<a href="${result}"${attributes}>${result}</a>`
    return result
  }
  return toMarkup(value)
    .text.split(new RegExp(`([${whiteSpace}]+)`))
    .map((part) => {
      const head = /^(?:[(<]|&lt;)+/.exec(part)?.[0] ?? ''
      let middle = part.slice(head.length)
      let tail = /(?:[)>.,\n]|&gt;)+$/.exec(middle)?.[0] ?? ''
      middle = middle.slice(0, middle.length - tail.length)
      for (const [open, close] of pairs) {
        const opened = count(middle, open)
        if (opened <= count(middle, close)) continue
        for (let times = Math.min(opened, count(tail, close)); times > 0; times--) {
          const end = tail.indexOf(close) + close.length
          middle += tail.slice(0, end)
          tail = tail.slice(end)
        }
      }
      return head + link(middle) + tail
    })
    .join('')
}
