import { checkWidth } from '../../budget/budget.js'
import { capitalize, casefold, isLower, isTitle, isUpper, swapCase, toTitle } from '../../text/casing.js'
import * as classes from '../../text/character-classes.js'
import { codePoints, strip, whiteSpace } from '../../text/text.js'
import { getItem } from '../../values/dict-keys.js'
import { PythonError } from '../../values/python-error.js'
import { isDict, type PyValue, typeName } from '../../values/value.js'
import { bind } from '../runtime/functions.js'
import { listOf } from '../runtime/iteration.js'
import { textOf } from '../runtime/markup.js'
import { arity, int, intOr, type Method, text } from './arguments.js'
import { searchMethods } from './text-search.js'
import { splitMethods } from './text-split.js'

const plain =
  (name: string, body: (value: string) => PyValue): Method<string> =>
  (value, args, keywords) => {
    arity(name, args, keywords, 0)
    return body(value)
  }

const stripping =
  (name: string, side: 'both' | 'left' | 'right'): Method<string> =>
  (value, args, keywords) => {
    arity(name, args, keywords, 0, 1)
    return strip(value, side, args[0] === undefined || args[0] === null ? null : text(args, 0))
  }

/** Padding on the left and the right up to a width; with both sides Python puts an odd one left where the width is odd. */
const padding =
  (name: string, sides: 'left' | 'right' | 'both'): Method<string> =>
  (value, args, keywords) => {
    arity(name, args, keywords, 1, 2)
    const width = checkWidth(int(args[0]!))
    const fill = args[1] === undefined ? ' ' : text(args, 1)
    if (codePoints(fill) !== 1)
      throw new PythonError('TypeError', 'The fill character must be exactly one character long')
    const missing = Math.max(0, width - codePoints(value))
    const left = sides === 'both' ? Math.floor(missing / 2) + (missing & width & 1) : sides === 'left' ? missing : 0
    return fill.repeat(left) + value + fill.repeat(missing - left)
  }

/** separator.join(items) */
export function joinText(separator: string, items: PyValue): string {
  return listOf(items)
    .map((item, index) => {
      const found = textOf(item)
      if (found !== null) return found
      throw new PythonError('TypeError', `sequence item ${index}: expected str instance, ${typeName(item)} found`)
    })
    .join(separator)
}

function expandTabs(value: string, size: number): string {
  let column = 0
  let out = ''
  for (const character of value) {
    if (character === '\t') {
      const blanks = size > 0 ? size - (column % size) : 0
      out += ' '.repeat(blanks)
      column += blanks
    } else {
      out += character
      column = character === '\n' || character === '\r' ? 0 : column + 1
    }
  }
  return out
}

function translate(value: string, table: PyValue): string {
  if (!isDict(table)) throw new PythonError('TypeError', 'str.translate takes a dict here')
  return [...value]
    .map((character) => {
      const by = getItem(table, character.codePointAt(0)!)
      if (by === undefined) return character
      if (by === null) return ''
      return typeof by === 'number' ? String.fromCodePoint(by) : text([by], 0)
    })
    .join('')
}

const isSpace = new RegExp(`^[${whiteSpace}]+$`)

/** str's methods but format, whose fields look attributes up. */
export const textMethods: Readonly<Record<string, Method<string>>> = {
  ...searchMethods,
  ...splitMethods,
  strip: stripping('strip', 'both'),
  lstrip: stripping('lstrip', 'left'),
  rstrip: stripping('rstrip', 'right'),
  upper: plain('upper', (value) => value.toUpperCase()),
  lower: plain('lower', (value) => value.toLowerCase()),
  casefold: plain('casefold', casefold),
  capitalize: plain('capitalize', capitalize),
  title: plain('title', toTitle),
  swapcase: plain('swapcase', swapCase),
  ljust: padding('ljust', 'right'),
  rjust: padding('rjust', 'left'),
  center: padding('center', 'both'),
  zfill: (value, args, keywords) => {
    arity('zfill', args, keywords, 1)
    const zeros = '0'.repeat(Math.max(0, checkWidth(int(args[0]!)) - codePoints(value)))
    return /^[+-]/.test(value) ? value[0] + zeros + value.slice(1) : zeros + value
  },
  expandtabs: (value, args, keywords) => {
    const [size] = bind('expandtabs', ['tabsize'], 0, args, keywords)
    return expandTabs(value, checkWidth(intOr(size, 8)))
  },
  join: (value, args, keywords) => {
    arity('join', args, keywords, 1)
    return joinText(value, args[0]!)
  },
  translate: (value, args, keywords) => {
    arity('translate', args, keywords, 1)
    return translate(value, args[0]!)
  },
  isdigit: plain('isdigit', classes.isDigits),
  isnumeric: plain('isnumeric', classes.isNumeric),
  isdecimal: plain('isdecimal', classes.isDecimal),
  isalpha: plain('isalpha', classes.isAlphabetic),
  isalnum: plain('isalnum', classes.isAlphanumeric),
  isascii: plain('isascii', classes.isAscii),
  isidentifier: plain('isidentifier', classes.isIdentifier),
  isprintable: plain('isprintable', classes.isPrintable),
  isspace: plain('isspace', (value) => isSpace.test(value)),
  isupper: plain('isupper', isUpper),
  islower: plain('islower', isLower),
  istitle: plain('istitle', isTitle),
}
