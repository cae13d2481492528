import { InputError } from '@saeval/hub'
import { cut, shown } from '@saeval/hub/checks'
import { parsePositions } from '@saeval/sae-core'
import type { CellType, PositionsCell } from './columns.js'
import type { Problem, ProblemKind } from './problem.js'

/** A cell's value, or what is wrong with it. */
export type Cell =
  | { readonly value: string | number | PositionsCell }
  | { readonly problem: Pick<Problem, 'kind' | 'message'> }

/**
 * Reads a cell that is not empty. Numbers are those that Python's float() and int() take, without underscores; an index may be written 121.0, as
 * pandas writes a column of whole numbers beside an empty cell. With `decimalComma` (files whose cells semicolons separate) 0,5 is a number too.
 * 12.000 and 1,500, which are thousands to spreadsheets of some countries, are refused: as indices everywhere, as numbers with `decimalComma`.
 */
export function readCell(text: string, type: CellType, decimalComma = false): Cell {
  if (typeof type !== 'string') return oneOf(text, type)
  switch (type) {
    case 'index':
      if (isInThousands(text) && /000$/.test(text))
        return readInTwoWays('not_an_integer', text, text.replace(/[.,].*/, ''))
      return readIndex(decimalComma ? text.replace(/,(?=0*$)/, '.') : text)
    case 'number':
      if (!decimalComma) return readNumber(text)
      // what 1.500 means is settled by another digit
      if (isInThousands(text)) return readInTwoWays('not_a_number', text, `${text.replace(',', '.')}0`)
      return readNumber(text.replace(/^([+-]?\d*),(?=\d)/, '$1.'))
    case 'positions':
      return readPositions(text)
    case 'name':
    case 'text':
      return { value: text }
  }
}

function problem(kind: ProblemKind, message: string): Cell {
  return { problem: { kind, message } }
}

/** Whether a number may have a mark of thousands: 1,500 is 1.5 to Excel in one country and 1500 in another. */
function isInThousands(text: string): boolean {
  return /^[+-]?[1-9]\d{0,2}[.,]\d{3}$/.test(text)
}

function readInTwoWays(kind: ProblemKind, text: string, fraction: string): Cell {
  return problem(kind, `"${text}" can be read in two ways; write ${fraction} or ${text.replace(/[.,]/, '')}`)
}

function readIndex(text: string): Cell {
  if (!/^[+-]?\d+(\.0*)?$/.test(text))
    return problem(
      'not_an_integer',
      `${shown(text)} is not a whole number; give the index of one component, counted from 0`,
    )
  const value = Number(text)
  if (value < 0) return problem('negative', `${cut(text)} is negative; indices are counted from 0`)
  if (!Number.isSafeInteger(value)) return problem('out_of_range', `${cut(text)} is larger than any index can be`)
  // "-0" is 0
  return { value: value + 0 }
}

function readNumber(text: string): Cell {
  if (/^[+-]?(nan|inf|infinity)$/i.test(text))
    return problem('not_finite', `"${text}" is not a finite number; give one`)
  if (!/^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(text))
    return problem('not_a_number', `${shown(text)} is not a number; write it like 240.0 or -1e-3`)
  const value = Number(text)
  return Number.isFinite(value)
    ? { value }
    : problem('not_finite', `${cut(text)} is too large for a floating-point number`)
}

function readPositions(text: string): Cell {
  try {
    return { value: { text, terms: parsePositions(text) } }
  } catch (cause) {
    if (InputError.isInstance(cause)) return problem('invalid_positions', cause.message)
    throw cause
  }
}

function oneOf(text: string, values: readonly string[]): Cell {
  if (values.includes(text)) return { value: text }
  const kind = values.includes('sparsify')
    ? 'unknown_loader'
    : values.includes('add')
      ? 'unknown_action'
      : 'unknown_word'
  return problem(kind, `${shown(text)} is none of ${values.join(', ')}`)
}
