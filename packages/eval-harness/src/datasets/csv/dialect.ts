import { InputError } from '@saeval/hub'
import type { PyDict, PyValue } from '@saeval/python/internal/values/value'

/** How pandas.read_csv reads a file: its arguments, as a task's dataset_kwargs give them. */
export interface CsvDialect {
  readonly sep: string
  /** Number of the line that holds the names, "infer", or null for none. */
  readonly header: number | 'infer' | null
  readonly names: readonly string[] | null
  /** Columns that become the last ones; false: a line longer than the header is cut. */
  readonly indexColumn: readonly (string | number)[] | false | null
  readonly usecols: readonly (string | number)[] | null
  readonly skiprows: number | ReadonlySet<number>
  readonly nrows: number | null
  readonly trueValues: readonly string[]
  readonly falseValues: readonly string[]
  readonly naValues: ReadonlySet<string>
  readonly naFilter: boolean
  readonly skipinitialspace: boolean
  readonly skipBlankLines: boolean
  readonly thousands: string | null
  readonly decimal: string
  readonly lineterminator: string | null
  readonly quotechar: string | null
  /** Whether fields without quotes are numbers. */
  readonly nonnumeric: boolean
  readonly doublequote: boolean
  readonly escapechar: string | null
  readonly comment: string | null
  readonly encoding: string
  readonly onBadLines: 'error' | 'skip'
  readonly chunksize: number
  readonly roundTrip: boolean
}

/** What pandas takes for a missing value. */
const absent =
  ',#N/A,#N/A N/A,#NA,-1.#IND,-1.#QNAN,-NaN,-nan,1.#IND,1.#QNAN,<NA>,N/A,NA,NULL,NaN,None,n/a,nan,null'.split(',')

type Check = (value: PyValue) => boolean
const isText: Check = (value) => typeof value === 'string'
const isCount: Check = (value) => typeof value === 'number' && value >= 0
const isBool: Check = (value) => typeof value === 'boolean'
const isCharacter: Check = (value) => typeof value === 'string' && /^[\x01-\x7f]$/.test(value)
const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value)
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check)
const columns = orNull(listOf((value) => isText(value) || isCount(value)))
const exactly =
  (...values: readonly PyValue[]): Check =>
  (value) =>
    values.includes(value)
const texts: Check = (value) => isText(value) || (Array.isArray(value) && value.every(isText))

/** The arguments of pandas.read_csv that are known, with the values that can be honoured. */
const known: Readonly<Record<string, Check>> = {
  sep: isCharacter,
  delimiter: orNull(isCharacter),
  header: (value) => value === null || value === 'infer' || isCount(value),
  names: orNull(listOf(isText)),
  column_names: orNull(listOf(isText)),
  index_col: (value) => value === false || isText(value) || isCount(value) || columns(value),
  usecols: columns,
  skiprows: (value) => value === null || isCount(value) || listOf(isCount)(value),
  nrows: orNull(isCount),
  true_values: orNull(listOf(isText)),
  false_values: orNull(listOf(isText)),
  na_values: orNull(texts),
  keep_default_na: isBool,
  na_filter: isBool,
  skipinitialspace: isBool,
  skip_blank_lines: isBool,
  thousands: orNull(isCharacter),
  decimal: isCharacter,
  lineterminator: orNull(isCharacter),
  quotechar: isCharacter,
  quoting: exactly(0, 1, 2, 3),
  doublequote: isBool,
  escapechar: orNull(isCharacter),
  comment: orNull(isCharacter),
  encoding: orNull(isText),
  encoding_errors: exactly(null, 'strict'),
  on_bad_lines: exactly('error', 'skip', 'warn'),
  chunksize: (value) => isCount(value) && value !== 0,
  float_precision: exactly(null, 'high', 'round_trip'),
  engine: exactly(null, 'c'),
  memory_map: isBool,
  dialect: exactly(null),
  skipfooter: exactly(0),
  prefix: exactly(null),
  converters: exactly(null),
  date_format: exactly(null),
  verbose: exactly(false),
  mangle_dupe_cols: exactly(true),
  error_bad_lines: exactly(true),
  warn_bad_lines: exactly(true),
}

/** Whether dataset_kwargs has a key that the csv reader knows. */
export const csvOptions: ReadonlySet<string> = new Set(Object.keys(known))

/** The dialect that dataset_kwargs describe. Throws InputError for an option with a value that cannot be honoured. */
export function csvDialect(kwargs: PyDict, dataset: string): CsvDialect {
  for (const [name, value] of kwargs) {
    if (known[name] === undefined || known[name](value)) continue
    throw new InputError(
      `dataset_kwargs.${name} of dataset ${dataset} has a value that is not supported: ${typeof value === 'string' ? JSON.stringify(value) : String(value)}`,
    )
  }
  const get = <Value>(name: string, fallback: Value) => (kwargs.has(name) ? kwargs.get(name) : fallback) as Value
  const list = (name: string) => get<readonly string[] | null>(name, null) ?? []
  const skiprows = get<number | readonly number[] | null>('skiprows', null) ?? 0
  const index = get<string | number | readonly (string | number)[] | false | null>('index_col', null)
  const given = get<string | readonly string[] | null>('na_values', null) ?? []
  const quoting = get<number>('quoting', 0)
  return {
    sep: get<string | null>('delimiter', null) ?? get('sep', ','),
    header: get('header', 'infer'),
    names: get<readonly string[] | null>('column_names', null) ?? get('names', null),
    indexColumn: typeof index === 'string' || typeof index === 'number' ? [index] : index,
    usecols: get('usecols', null),
    skiprows: typeof skiprows === 'number' ? skiprows : new Set(skiprows),
    nrows: get('nrows', null),
    trueValues: list('true_values'),
    falseValues: list('false_values'),
    naValues: new Set([
      ...(get('keep_default_na', true) ? absent : []),
      ...(typeof given === 'string' ? [given] : given),
    ]),
    naFilter: get('na_filter', true),
    skipinitialspace: get('skipinitialspace', false),
    skipBlankLines: get('skip_blank_lines', true),
    thousands: get('thousands', null),
    decimal: get('decimal', '.'),
    lineterminator: get('lineterminator', null),
    quotechar: quoting === 3 ? null : get('quotechar', '"'),
    nonnumeric: quoting === 2,
    doublequote: get('doublequote', true),
    escapechar: get('escapechar', null),
    comment: get('comment', null),
    encoding: get<string | null>('encoding', null) ?? 'utf-8',
    onBadLines: get('on_bad_lines', 'error') === 'error' ? 'error' : 'skip',
    chunksize: get('chunksize', 10_000),
    roundTrip: get('float_precision', null) === 'round_trip',
  }
}
