import { floatRepr } from '@saeval/python/internal/text/text'

/** A text or a number; numeric texts count as numbers. */
export type Cell = string | number

/**
 * A Markdown table as pytablewriter prints it, which lm_eval prints its results with. A column of numbers shows all of them with the most
 * decimals any of them needs and is aligned right; beside texts, whole numbers stay bare. Where a text comes first, numeric texts stay as
 * they are.
 */
export function markdownTable(headers: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const columns = headers.map((header, index) =>
    layOut(
      header,
      rows.map((row) => row[index]!),
    ),
  )
  const lines = rows.map((_, row) => columns.map((column) => column.cells[row]!))
  return [columns.map((column) => column.header), columns.map((column) => column.rule), ...lines]
    .map((cells) => `|${cells.join('|')}|\n`)
    .join('')
}

interface Column {
  readonly header: string
  readonly rule: string
  readonly cells: readonly string[]
}

/** Columns are never narrower than their rule "---". */
const narrowest = 3

function layOut(header: string, values: readonly Cell[]): Column {
  const filled = values.filter((value) => String(value).trim() !== '')
  const keepTexts = filled.length > 0 && numberIn(filled[0]!) === null
  const numberOf = (value: Cell) => (keepTexts && typeof value === 'string' ? null : numberIn(value))
  const numeric = filled.length > 0 && filled.every((value) => numberOf(value) !== null)
  const decimals = Math.max(0, ...filled.flatMap((value) => numberOf(value) ?? []).map(decimalPlaces))
  const texts = values.map((value) => {
    const number = numberOf(value)
    return number === null ? String(value) : shown(number, numeric || !Number.isInteger(number) ? decimals : 0)
  })
  const width = Math.max(narrowest, displayWidth(header), ...texts.map(displayWidth))
  const left = Math.floor((width - displayWidth(header)) / 2)
  return {
    header: ' '.repeat(left) + header + ' '.repeat(width - left - displayWidth(header)),
    rule: numeric ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width),
    cells: texts.map((text, index) => {
      const room = ' '.repeat(width - displayWidth(text))
      const escaped = text.replaceAll('|', '\\|')
      return numberOf(values[index]!) === null ? escaped + room : room + escaped
    }),
  }
}

function numberIn(value: Cell): number | null {
  if (typeof value === 'number') return value
  const text = value.trim().toLowerCase()
  if (/^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/.test(text)) return Number(text)
  const named = /^([-+]?)(inf|infinity|nan)$/.exec(text)
  if (named === null) return null
  return named[2] === 'nan' ? Number.NaN : named[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
}

function decimalPlaces(value: number): number {
  if (!Number.isFinite(value) || Number.isInteger(value)) return 0
  const [mantissa, exponent = '0'] = floatRepr(value).split('e') as [string, string?]
  return Math.max(0, mantissa.split('.')[1]!.replace(/0+$/, '').length - Number(exponent))
}

function shown(value: number, decimals: number): string {
  if (!Number.isFinite(value)) return String(value)
  // toFixed turns to exponents there
  if (Math.abs(value) >= 1e21) return BigInt(value).toString() + (decimals > 0 ? `.${'0'.repeat(decimals)}` : '')
  return (value === 0 ? 0 : value).toFixed(decimals)
}

/** Columns that a text takes on a terminal: two for each wide or full-width character (Unicode's East Asian Width). */
function displayWidth(text: string): number {
  let width = 0
  for (const character of text) width += wide.test(character) ? 2 : 1
  return width
}

const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]/u
