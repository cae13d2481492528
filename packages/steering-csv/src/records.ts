import { type CsvError, parse } from '#csv-parse'
import { columns } from './columns.js'
import type { Problem } from './problem.js'

/** One record of the file: cells without surrounding spaces, null for a cell that is not UTF-8. */
export interface CsvRecord {
  /** Physical line, from 1, on which it starts. */
  readonly line: number
  readonly cells: readonly (string | null)[]
}

/** What may stand between the cells, and its name; Excel writes semicolons where a comma is the decimal mark. */
export const separators = { ',': 'commas', ';': 'semicolons', '\t': 'tabs' } as const
export type Separator = keyof typeof separators

/** The records of a CSV file, whose cells the separator divides that finds most columns in its header (a comma where none does), lines and last columns without any text left out, up to the first place where the text cannot be read as CSV. */
export function readRecords(bytes: Uint8Array): {
  records: CsvRecord[]
  separator: Separator
  broken: { line: number; cell: number; kind: 'unterminated_quote' | 'invalid_quote' } | null
} {
  // one character a byte, so that damaged UTF-8 can be located by cell
  const text = oneCharacterAByte(bytes).replace(/^\xef\xbb\xbf/, '')
  const separator = separatorOf(text)
  const records: CsvRecord[] = []
  let end = 0
  try {
    parse(text, {
      delimiter: separator,
      relax_column_count: true,
      trim: true,
      on_record: (record: string[], { lines }) => {
        const line = end + 1
        end = lines
        if (record.some((cell) => cell !== '')) records.push({ line, cells: record.map(decodeCell) })
        return null
      },
    })
    return { records: withoutEmptyColumns(records), separator, broken: null }
  } catch (error) {
    const { code, column } = error as CsvError & { column?: unknown }
    if (typeof code !== 'string' || !/^(CSV_|INVALID_OPENING_QUOTE)/.test(code)) throw error
    const kind = code === 'CSV_QUOTE_NOT_CLOSED' ? 'unterminated_quote' : 'invalid_quote'
    const broken = { line: end + 1, cell: typeof column === 'number' ? column : 0, kind } as const
    return { records: withoutEmptyColumns(records), separator, broken }
  }
}

/** The records without the header's last columns where no record has any text in them: spreadsheets write those that were used once. */
function withoutEmptyColumns(records: readonly CsvRecord[]): CsvRecord[] {
  const header = records[0]?.cells.length ?? 0
  const width = records.reduce((most, { cells }) => Math.max(most, cells.findLastIndex((cell) => cell !== '') + 1), 0)
  // a record longer than the header is shifted by a separator in a cell
  return records.map(({ line, cells }) => ({ line, cells: cells.length > header ? cells : cells.slice(0, width) }))
}

// what a call takes as arguments
const bytesAtATime = 2 ** 13

function oneCharacterAByte(bytes: Uint8Array): string {
  let text = ''
  for (let start = 0; start < bytes.length; start += bytesAtATime)
    text += String.fromCharCode(...bytes.subarray(start, start + bytesAtATime))
  return text
}

const columnNames = new Set(Object.values(columns).flatMap((list) => list.map(({ name }) => name)))

function separatorOf(text: string): Separator {
  const header = /^.*\S.*$/m.exec(text)?.[0] ?? ''
  const known = (separator: string) =>
    header.split(separator).filter((cell) =>
      columnNames.has(
        cell
          .trim()
          .replace(/^"(.*)"$/, '$1')
          .trim(),
      ),
    ).length
  return (Object.keys(separators) as Separator[]).reduce((best, other) => (known(other) > known(best) ? other : best))
}

const isAscii = /^[\0-\x7f]*$/
const utf8 = new TextDecoder('utf-8', { fatal: true })

function decodeCell(cell: string): string | null {
  if (isAscii.test(cell)) return cell.trim()
  try {
    return utf8.decode(Uint8Array.from(cell, (character) => character.charCodeAt(0))).trim()
  } catch {
    return null
  }
}

/** Messages of problems that concern the file's form. */
export const formMessages: Readonly<
  Record<'unterminated_quote' | 'invalid_quote' | 'not_utf8' | 'empty_file' | 'no_rows', string>
> = {
  unterminated_quote: 'a quotation mark is opened and never closed; close it or remove it',
  invalid_quote:
    'a quotation mark stands inside a cell; put the whole cell in quotation marks and double the ones inside',
  not_utf8: 'the cell is not UTF-8 text; save the file as UTF-8',
  empty_file: 'the file is empty; it needs a header and at least one row',
  no_rows: 'the file has a header and no rows; add at least one row',
} satisfies Partial<Record<Problem['kind'], string>>
