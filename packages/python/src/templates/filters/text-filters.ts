import { checkWidth } from '../../budget/budget.js'
import { pythonRegex, substitute } from '../../regex/regex.js'
import { RegexError } from '../../regex/regex-translator.js'
import { capitalize } from '../../text/casing.js'
import { pyStr, strip, whiteSpace } from '../../text/text.js'
import { PythonError } from '../../values/python-error.js'
import { isTrue, type PyValue, tupleOf, typeName } from '../../values/value.js'
import { getSlice } from '../attributes.js'
import { int, intOr } from '../methods/arguments.js'
import { markupMethod } from '../methods/markup-methods.js'
import { textMethods } from '../methods/text-methods.js'
import { replaceText, splitLines } from '../methods/text-split.js'
import { binary } from '../operators.js'
import type { Context, Filter } from '../runtime/context.js'
import { lengthOf } from '../runtime/iteration.js'
import { like, Markup, softText, textOf, toMarkup } from '../runtime/markup.js'
import { Undefined } from '../runtime/undefined.js'
import { define } from './define.js'
import { prettyPrint } from './pprint.js'
import { wrapLines } from './wordwrap.js'

const noKeywords = new Map<string, PyValue>()

/** str(value).method(...), of Markup its own. */
function onText(value: PyValue, method: string, args: readonly PyValue[] = []): PyValue {
  const text = softText(value)
  if (text instanceof Markup) return markupMethod(method)!(text, args, noKeywords)
  return textMethods[method]!(text, args, noKeywords)
}

const wordBeginning = new RegExp(`([-${whiteSpace}({\\[<]+)`)

function title(value: PyValue): PyValue {
  return pyStr(value)
    .split(wordBeginning)
    .filter((part) => part !== '')
    .map((part) => {
      const [head] = part
      return head!.toUpperCase() + part.slice(head!.length).toLowerCase()
    })
    .join('')
}

function replace(value: PyValue, args: readonly (PyValue | undefined)[], context: Context): PyValue {
  const [old, by, count] = args as readonly PyValue[]
  const most = intOr(count ?? undefined, -1)
  if (!context.autoescape) return replaceText(pyStr(value), pyStr(old!), pyStr(by!), most)
  const escapes = old instanceof Markup || (by instanceof Markup && !(value instanceof Markup))
  const text = escapes ? toMarkup(value) : softText(value)
  if (!(text instanceof Markup)) return replaceText(text, pyStr(old!), pyStr(by!), most)
  return new Markup(replaceText(text.text, pyStr(old!), toMarkup(by!).text, most))
}

function indent(value: PyValue, [width = 4, first, blank]: readonly (PyValue | undefined)[]): PyValue {
  const space = textOf(width) ?? ' '.repeat(Math.max(0, checkWidth(int(width))))
  if (value instanceof Undefined) throw value.error()
  const text = textOf(value)
  if (text === null)
    throw new PythonError('TypeError', `unsupported operand type(s) for +=: '${typeName(value)}' and 'str'`)
  const lines = splitLines(`${text}\n`)
  let result: string
  if (isTrue(blank ?? false)) result = lines.join(`\n${space}`)
  else {
    const [head = '', ...rest] = lines
    result = [head, ...rest.map((line) => (line === '' ? line : space + line))].join('\n')
  }
  return like(value, (isTrue(first ?? false) ? space : '') + result)
}

function truncate(value: PyValue, args: readonly (PyValue | undefined)[]): PyValue {
  const [length = 255, kill = false, end = '...', leeway] = args
  const [most, more] = [int(length), leeway == null ? 5 : int(leeway)]
  const tail = lengthOf(end)
  if (most < tail) throw new PythonError('AssertionError', `expected length >= ${tail}, got ${most}`)
  if (more < 0) throw new PythonError('AssertionError', `expected leeway >= 0, got ${more}`)
  if (lengthOf(value) <= most + more) return value
  const cut = getSlice(value, [null, most - tail, null])
  if (isTrue(kill)) return binary('+', cut, end)
  const text = textOf(cut)
  if (text === null) throw new PythonError('AttributeError', `'${typeName(cut)}' object has no attribute 'rsplit'`)
  const at = text.lastIndexOf(' ')
  return binary('+', like(cut, at < 0 ? text : text.slice(0, at)), end)
}

/** lm_eval's own filter: re.sub. */
export const regexReplace = define('regex_replace', 'pattern repl count', 2, (value, [pattern, by, count]) => {
  const [text, source, replacement] = [value, pattern!, by!].map((given) => {
    const found = textOf(given)
    if (found === null) throw new PythonError('TypeError', `expected string, got '${typeName(given)}'`)
    return found
  })
  try {
    return substitute(source!, replacement!, text!, intOr(count, 0))
  } catch (cause) {
    if (!(cause instanceof RegexError)) throw cause
    throw new PythonError('ValueError', cause.message)
  }
})

const format: Filter = (value, args, keywords) => {
  if (args.length > 0 && keywords.size > 0)
    throw new PythonError('FilterArgumentError', "can't handle positional and keyword arguments at the same time")
  return binary('%', softText(value), keywords.size > 0 ? keywords : tupleOf(args))
}

/** Filters of texts. */
export const textFilters = [
  define('string', '', 0, softText),
  define('upper', '', 0, (value) => onText(value, 'upper')),
  define('lower', '', 0, (value) => onText(value, 'lower')),
  define('capitalize', '', 0, (value) =>
    value instanceof Markup ? onText(value, 'capitalize') : capitalize(pyStr(value)),
  ),
  define('title', '', 0, title),
  define('trim', 'chars', 0, (value, [characters]) => {
    if (characters == null) return like(softText(value), strip(pyStr(value), 'both'))
    return onText(value, 'strip', [characters])
  }),
  define('center', 'width', 0, (value, [width = 80]) => onText(value, 'center', [width])),
  define('replace', 'old new count', 2, replace),
  define('indent', 'width first blank', 0, indent),
  define('truncate', 'length killwords end leeway', 0, truncate),
  define('wordcount', '', 0, (value) => pyStr(value).match(pythonRegex('\\w+'))?.length ?? 0),
  define(
    'wordwrap',
    'width break_long_words wrapstring break_on_hyphens',
    0,
    (value, [width = 79, long = true, by, hyphens = true]) => {
      const text = textOf(value)
      if (value instanceof Undefined) throw value.error()
      if (text === null)
        throw new PythonError('AttributeError', `'${typeName(value)}' object has no attribute 'splitlines'`)
      const between = by == null ? '\n' : by
      const joined = textOf(between)
      if (joined === null)
        throw new PythonError('AttributeError', `'${typeName(between)}' object has no attribute 'join'`)
      const lines = splitLines(text).map((line) =>
        wrapLines(line, int(width), isTrue(long), isTrue(hyphens)).join(joined),
      )
      return like(between, lines.join(joined))
    },
  ),
  define('pprint', '', 0, prettyPrint),
  ['format', format] as const,
] as const
