import { InputError } from '@saeval/hub'
import { parse } from 'csv-parse/sync'
import { parseJson } from '../python/json.js'
import { intOf, isDict, type PyDict, PyFloat, type PyValue } from '../python/value.js'
import { asTable } from './arrow-columns.js'
import { type DataFile, readBytes } from './data-file.js'
import type { Split } from './dataset.js'
import { castToFeature, classNames, type Feature, type Features } from './features.js'

async function readText(file: DataFile): Promise<string> {
  const text = Buffer.from(await readBytes(file)).toString('utf8')
  return text.startsWith('\ufeff') ? text.slice(1) : text
}

/** JSON lines, or one JSON array of objects, as one split; `field` is the key of the array in files that are one object. */
export async function jsonSplit(files: readonly DataFile[], features: Features, field: string | null): Promise<Split> {
  const rows: PyDict[] = []
  for (const file of files) {
    const text = await readText(file)
    if (field !== null || text.trimStart().startsWith('[')) {
      for (const row of jsonList(text, file.name, field)) rows.push(requireDict(row, file.name, 1))
      continue
    }
    text.split('\n').forEach((line, index) => {
      if (line.trim() !== '') rows.push(requireDict(parseAt(line, file.name, index + 1), file.name, index + 1))
    })
  }
  return tableSplit(rows, features)
}

function jsonList(text: string, name: string, field: string | null): readonly PyValue[] {
  const whole = parseAt(text, name, 1)
  const list = field === null ? whole : isDict(whole) ? whole.get(field) : null
  if (Array.isArray(list)) return list
  throw new InputError(`${name}: ${field === null ? 'the file' : `"${field}"`} is not a list of documents`)
}

function parseAt(text: string, name: string, line: number): PyValue {
  try {
    return parseJson(text)
  } catch (cause) {
    throw new InputError(`${name}:${line}: not valid JSON: ${(cause as Error).message}`, { cause })
  }
}

function requireDict(value: PyValue, name: string, line: number): PyDict {
  if (isDict(value)) return value
  throw new InputError(`${name}:${line}: a document must be a JSON object`)
}

/** Lines of text files, each a document with the column `text`. */
export async function textSplit(files: readonly DataFile[]): Promise<Split> {
  const rows: PyDict[] = []
  for (const file of files) {
    const lines = (await readText(file)).split(/\r\n|\n|\r/)
    if (lines.at(-1) === '') lines.pop()
    for (const text of lines) rows.push(new Map([['text', text]]))
  }
  return tableSplit(rows, null)
}

export interface CsvOptions {
  readonly delimiter: string
  /** Names of the columns of files without a header. */
  readonly columnNames: readonly string[] | null
}

/** CSV files as one split, as pandas reads them. Texts become numbers where the card says so, or where a whole column reads as numbers. */
export async function csvSplit(
  files: readonly DataFile[],
  features: Features,
  { delimiter, columnNames }: CsvOptions,
): Promise<Split> {
  const rows: PyDict[] = []
  for (const file of files) {
    let records: string[][]
    try {
      records = parse(await readText(file), {
        delimiter,
        skip_empty_lines: true,
        relax_quotes: true,
        relax_column_count_less: true,
      })
    } catch (cause) {
      throw new InputError(`${file.name} cannot be read as CSV: ${(cause as Error).message}`, { cause })
    }
    const header = columnNames ?? records.shift() ?? []
    const readers = header.map((column, index) =>
      columnReader(
        records.map((record) => record[index] ?? ''),
        features?.get(column),
      ),
    )
    for (const record of records)
      rows.push(new Map(header.map((column, index) => [column, readers[index]!(record[index] ?? '')])))
  }
  return tableSplit(rows, features)
}

const integer = /^[+-]?\d+$/
const float = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/
/** What pandas takes for a missing value. */
const absent = new Set(
  ',#N/A,#N/A N/A,#NA,-1.#IND,-1.#QNAN,-NaN,-nan,1.#IND,1.#QNAN,<NA>,N/A,NA,NULL,NaN,None,n/a,nan,null'.split(','),
)

function columnReader(cells: readonly string[], feature: Feature | undefined): (cell: string) => PyValue {
  const dtype = feature?.kind === 'value' && feature.dtype !== 'unknown' ? feature.dtype : guessType(cells)
  return (cell) => {
    if (absent.has(cell)) return null
    if (/^u?int/.test(dtype)) return intOf(cell.replace(/^\+/, ''))
    if (/^float/.test(dtype)) return new PyFloat(Number(cell))
    if (dtype === 'bool') return cell.toLowerCase() === 'true'
    return cell
  }
}

function guessType(cells: readonly string[]): string {
  const filled = cells.filter((cell) => !absent.has(cell))
  if (filled.length === 0) return 'string'
  if (filled.every((cell) => integer.test(cell))) return filled.length === cells.length ? 'int64' : 'float64'
  if (filled.every((cell) => float.test(cell))) return 'float64'
  return filled.every((cell) => /^(true|True|TRUE|false|False|FALSE)$/.test(cell)) ? 'bool' : 'string'
}

/** Rows in memory as a split: one set of columns for all. */
function tableSplit(rows: readonly PyDict[], features: Features): Split {
  const columns = [...new Set(rows.flatMap((row) => [...row.keys()]))]
  const ordered =
    features === null
      ? columns
      : [...features.keys()]
          .filter((name) => columns.includes(name))
          .concat(columns.filter((name) => !features.has(name)))
  const table =
    features === null
      ? asTable(rows, ordered)
      : asTable(rows, ordered).map(
          (row): PyDict => new Map([...row].map(([name, value]) => [name, castToFeature(value, features.get(name))])),
        )
  return {
    columns: ordered,
    length: table.length,
    classNames: classNames(features),
    rows: async (start = 0, end = table.length) => table.slice(start, end),
  }
}
