import type { CsvDialect } from './dialect.js'
import { CsvError, type CsvLines } from './lines.js'

/** The columns of a CSV file and the first line of its rows. */
export interface CsvHeader {
  /** Names, in the order that the dataset has them, and places in a line. */
  readonly columns: readonly { readonly name: string; readonly index: number }[]
  /** How many of the last columns are pandas' index. */
  readonly indexes: number
  /** Fields that a line may have. */
  readonly width: number
  readonly first: string[] | null
}

const mostColumns = 100_000

/** Reads the header as pandas does (pandas/_libs/parsers.pyx, _get_header). Throws CsvError for a file without columns. */
export function headerOf(lines: CsvLines, dialect: CsvDialect): CsvHeader {
  const place = dialect.header === 'infer' ? (dialect.names === null ? 0 : null) : dialect.header
  let read: string[] | null = null
  for (let line = 0; place !== null && line <= place; line++) {
    read = lines.next()
    if (read === null) throw new CsvError('has no columns to read')
  }
  const first = lines.next()
  if (read === null && first === null && dialect.names === null) throw new CsvError('has no columns to read')
  const widest = Math.max(read?.length ?? 0, first?.length ?? 0)
  if (widest > mostColumns) throw new CsvError(`has ${widest} columns; more than ${mostColumns} are not read`)
  const names = dialect.names ?? (read === null ? first!.map((_, index) => String(index)) : uniqueNames(read))
  if (dialect.names !== null && new Set(names).size < names.length)
    throw new CsvError('is to be read with column names of which two are equal')
  const width = Math.max(names.length, first?.length ?? 0)
  // fields beyond the names come first and are the index
  const leading = dialect.indexColumn === false || dialect.usecols !== null ? 0 : width - names.length
  const data = names.map((name, index) => ({ name, index: index + leading }))
  const used = dialect.usecols === null ? null : new Set(dialect.usecols)
  const chosen = used === null ? data : data.filter(({ name, index }) => used.has(name) || used.has(index))
  const known = new Set(data.flatMap(({ name, index }): (string | number)[] => [name, index]))
  const missing = dialect.usecols?.find((wanted) => !known.has(wanted))
  if (missing !== undefined) throw new CsvError(`has no column ${missing}, which usecols names`)
  const index = Array.from({ length: leading }, (_, at) => ({ name: `__index_level_${at}__`, index: at }))
  return {
    columns: leading > 0 ? [...chosen, ...index] : withIndex(chosen, dialect),
    indexes: leading > 0 ? leading : dialect.indexColumn === false ? 0 : (dialect.indexColumn?.length ?? 0),
    width,
    first,
  }
}

type Columns = CsvHeader['columns']

/** The columns of index_col come last. */
function withIndex(columns: Columns, { indexColumn: wanted, names }: CsvDialect): Columns {
  if (wanted === null || wanted === false) return columns
  const index = wanted.map((one) => {
    const found = typeof one === 'number' ? columns[one] : columns.find(({ name }) => name === one)
    if (found === undefined) throw new CsvError(`has no column ${one}, which index_col names`)
    return found
  })
  // a column without a name is an index without one
  const named = index.map(({ name, index: at }, level) => ({
    name: names === null && /^Unnamed: \d+$/.test(name) ? `__index_level_${level}__` : name,
    index: at,
  }))
  return [...columns.filter((column) => !index.includes(column)), ...named]
}

/** Names for columns without one, and other names for those whose name another column has. */
function uniqueNames(read: readonly string[]): string[] {
  const names = read.map((name, index) => (name === '' ? `Unnamed: ${index}` : name))
  const isNamed = (index: number) => read[index] !== ''
  const order = [...names.keys()].sort((a, b) => Number(isNamed(b)) - Number(isNamed(a)))
  const counts = new Map<string, number>()
  const taken = new Set(names)
  for (const index of order) {
    const name = names[index]!
    let unique = name
    let count = counts.get(name) ?? 0
    while (count > 0) {
      counts.set(name, count + 1)
      unique = `${name}.${count}`
      count = taken.has(unique) ? count + 1 : (counts.get(unique) ?? 0)
    }
    names[index] = unique
    taken.add(unique)
    counts.set(unique, count + 1)
  }
  return names
}
