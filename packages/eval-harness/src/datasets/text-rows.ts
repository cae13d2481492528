import { readFile } from 'node:fs/promises'
import { gunzipSync } from 'node:zlib'
import { InputError } from '@saeval/hub'
import { parse } from 'csv-parse/sync'
import { parseJson } from '../python/json.js'
import { intOf, isDict, numberOf, type PyDict, PyFloat, type PyValue } from '../python/value.js'
import type { DataFile, Split } from './dataset.js'
import { castToFeature, type Features } from './features.js'

async function readText({ path, name }: DataFile): Promise<string> {
  const bytes = await readFile(path)
  if (!name.endsWith('.gz')) return bytes.toString('utf8')
  try {
    return gunzipSync(bytes).toString('utf8')
  } catch (cause) {
    throw new InputError(`${name} is not a whole gzip file; download it again`, { cause })
  }
}

/** JSON lines, or one JSON array of objects, as one split. */
export async function jsonSplit(files: readonly DataFile[], features: Features): Promise<Split> {
  const rows: PyDict[] = []
  for (const file of files) {
    const text = await readText(file)
    if (text.trimStart().startsWith('[')) {
      const list = parseAt(text, file.name, 1)
      for (const row of list as readonly PyValue[]) rows.push(requireDict(row, file.name, 1))
      continue
    }
    text.split('\n').forEach((line, index) => {
      if (line.trim() !== '') rows.push(requireDict(parseAt(line, file.name, index + 1), file.name, index + 1))
    })
  }
  return tableSplit(rows, features)
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

/** CSV or TSV files with a header as one split. Texts become numbers where the card says so, or where a whole column reads as numbers. */
export async function csvSplit(files: readonly DataFile[], features: Features, delimiter: string): Promise<Split> {
  const rows: PyDict[] = []
  for (const file of files) {
    let records: string[][]
    try {
      records = parse(await readText(file), { delimiter, bom: true })
    } catch (cause) {
      throw new InputError(`${file.name} cannot be read as CSV: ${(cause as Error).message}`, { cause })
    }
    const [header = [], ...body] = records
    const readers = header.map((column, index) =>
      columnReader(
        body.map((record) => record[index]!),
        features?.get(column),
      ),
    )
    rows.push(
      ...body.map((record) => new Map(header.map((column, index) => [column, readers[index]!(record[index]!)]))),
    )
  }
  return tableSplit(rows, features)
}

const integer = /^[+-]?\d+$/
const float = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/

function columnReader(
  cells: readonly string[],
  feature: NonNullable<Features> extends ReadonlyMap<string, infer Kind> ? Kind | undefined : never,
): (cell: string) => PyValue {
  const dtype = feature === undefined ? guessType(cells) : 'dtype' in feature ? feature.dtype : guessType(cells)
  return (cell) => {
    if (cell === '') return null
    if (/^u?int/.test(dtype)) return intOf(cell)
    if (/^float/.test(dtype)) return new PyFloat(Number(cell))
    if (dtype === 'bool') return cell.toLowerCase() === 'true'
    return cell
  }
}

function guessType(cells: readonly string[]): string {
  const filled = cells.filter((cell) => cell !== '')
  if (filled.length === 0) return 'string'
  if (filled.every((cell) => integer.test(cell))) return filled.length === cells.length ? 'int64' : 'float64'
  if (filled.every((cell) => float.test(cell))) return 'float64'
  return filled.every((cell) => /^(true|false)$/i.test(cell)) ? 'bool' : 'string'
}

/** Rows in memory as a split: one set of columns for all, a column with any float all floats, as Arrow has it. */
function tableSplit(rows: readonly PyDict[], features: Features): Split {
  const columns = [...new Set(rows.flatMap((row) => [...row.keys()]))]
  const ordered =
    features === null
      ? columns
      : [...features.keys()]
          .filter((name) => columns.includes(name))
          .concat(columns.filter((name) => !features.has(name)))
  const floats = new Set(columns.filter((name) => rows.some((row) => row.get(name) instanceof PyFloat)))
  const cast = (name: string, value: PyValue): PyValue => {
    const number = numberOf(value)
    return castToFeature(
      floats.has(name) && number !== null && typeof value !== 'boolean' ? new PyFloat(number) : value,
      features?.get(name),
    )
  }
  const table = rows.map((row): PyDict => new Map(ordered.map((name) => [name, cast(name, row.get(name) ?? null)])))
  return {
    columns: ordered,
    length: table.length,
    rows: async (start = 0, end = table.length) => table.slice(start, end),
  }
}
