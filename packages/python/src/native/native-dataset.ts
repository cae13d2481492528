import { isDict, type PyDict } from '../values/value.js'
import { asTable } from './arrow-columns.js'
import { truth } from './operations.js'
import { Unsupported } from './unsupported.js'
import { Callable, deepCopy, isList, Raised, type Thing, toPython, type Value } from './values.js'

type Row = PyDict
type Keywords = ReadonlyMap<string, Value>

/** Settings of map and filter that change how they run, not what they give. */
const harmless = new Set([
  'num_proc',
  'load_from_cache_file',
  'keep_in_memory',
  'desc',
  'writer_batch_size',
  'new_fingerprint',
])

/** Documents of a split as functions of tasks see them: what they use most of Hugging Face's Dataset. */
export class NativeDataset implements Thing {
  constructor(
    readonly columns: readonly string[],
    readonly rows: readonly Row[],
  ) {}

  /** Dataset.from_list: the first document tells the columns. */
  static of(rows: readonly Value[]): NativeDataset {
    const dicts = rows.map((row) => {
      if (!isDict(row)) throw new Unsupported('documents that are no dicts')
      return toPython(row as unknown as Value) as Row
    })
    const columns = [...(dicts[0]?.keys() ?? [])]
    return new NativeDataset(columns, asTable(dicts, columns))
  }

  get length(): number {
    return this.rows.length
  }

  items(): readonly Value[] {
    return this.rows.map((row) => deepCopy(row as unknown as Value))
  }

  at(index: Value): Value {
    if (typeof index === 'string') {
      if (!this.columns.includes(index)) throw new Raised('KeyError', `Column ${index} not in the dataset`)
      return this.rows.map((row) => deepCopy(row.get(index)! as Value))
    }
    if (typeof index !== 'number') throw new Unsupported('an index of a dataset')
    const row = this.rows.at(index)
    if (row === undefined) throw new Raised('IndexError', `Invalid key: ${index}`)
    return deepCopy(row as unknown as Value)
  }

  attribute(name: string): Value {
    if (name === 'column_names') return [...this.columns]
    if (name === 'num_rows') return this.length
    const body = methods[name]
    if (body === undefined) throw new Unsupported(`a dataset's ${name}`)
    return new Callable(name, (args, keywords) => body(this, args, keywords) as unknown as Value)
  }
}

type Method = (dataset: NativeDataset, args: readonly Value[], keywords: Keywords) => NativeDataset

const methods: Readonly<Record<string, Method>> = {
  filter: (dataset, args, keywords) => {
    const keep = perRow('filter', args, keywords, ['with_indices'])
    return new NativeDataset(
      dataset.columns,
      dataset.rows.filter((row, index) => truth(keep(row, index))),
    )
  },
  map: (dataset, args, keywords) => {
    const change = perRow('map', args, keywords, ['with_indices', 'remove_columns'])
    const names = keywords.get('remove_columns') ?? []
    const removed = new Set((isList(names) ? names : [names]) as string[])
    const changed = new Set<string>()
    const rows: Row[] = []
    for (const [index, row] of dataset.rows.entries()) {
      const own = deepCopy(row as unknown as Value)
      const result = change(own as unknown as Row, index)
      // a function that returns nothing leaves the dataset as it is
      if (result === null) return dataset
      if (!isDict(result))
        throw new Raised('TypeError', 'the function given to map returned something else than a dict')
      const merged = new Map(row)
      // the function may have changed the document that it was given
      for (const [key, value] of toPython(own) as Row) if (merged.get(key) !== value) merged.set(key, value)
      for (const key of merged.keys()) if (!(own as unknown as Row).has(key)) merged.delete(key)
      if ((result as unknown) !== own) for (const name of removed) merged.delete(name)
      for (const [key, value] of toPython(result as unknown as Value) as Row) {
        merged.set(key, value)
        changed.add(key)
      }
      rows.push(merged)
    }
    if (rows.length === 0) return dataset
    const columns = [...rows[0]!.keys()]
    const typed = columns.filter((name) => changed.has(name) || !dataset.columns.includes(name))
    const table = asTable(rows, typed)
    return new NativeDataset(
      columns,
      rows.map(
        (row, index) =>
          new Map(columns.map((name) => [name, (table[index]!.has(name) ? table[index]! : row).get(name) ?? null])),
      ),
    )
  },
  select: (dataset, [indices, ...rest], keywords) => {
    if (!isList(indices ?? null) || rest.length > 0 || keywords.size > 0) throw new Unsupported('this select')
    return new NativeDataset(
      dataset.columns,
      (indices as number[]).map((index) => dataset.rows[index] ?? outOfRange(index)),
    )
  },
  remove_columns: (dataset, [names]) => {
    const gone = checked(dataset, (isList(names ?? null) ? names : [names]) as string[])
    return picked(
      dataset,
      dataset.columns.filter((name) => !gone.includes(name)),
    )
  },
  select_columns: (dataset, [names]) =>
    picked(dataset, checked(dataset, (isList(names ?? null) ? names : [names]) as string[])),
  rename_column: (dataset, [from, to]) => renamed(dataset, new Map([[from as string, to as string]])),
  rename_columns: (dataset, [names]) => {
    if (!isDict(names)) throw new Unsupported('this rename_columns')
    return renamed(dataset, names as unknown as ReadonlyMap<string, string>)
  },
}

/** Every method of a dataset that is run natively. */
export const datasetMethods: ReadonlySet<string> = new Set([
  ...Object.keys(methods),
  'column_names',
  'num_rows',
  'from_list',
])

/** The function that map and filter are given, as one of a document and its place. */
function perRow(name: string, args: readonly Value[], keywords: Keywords, known: readonly string[]) {
  const body = args[0] ?? keywords.get('function')
  const wrong = [...keywords.keys()].find((key) => key !== 'function' && !known.includes(key) && !harmless.has(key))
  if (!(body instanceof Callable) || args.length > 1 || wrong !== undefined)
    throw new Unsupported(`${name} with ${wrong ?? 'other arguments'}`)
  const indices = keywords.get('with_indices') === true
  return (row: Row, index: number) => body.call([row as unknown as Value, ...(indices ? [index] : [])], new Map())
}

function checked(dataset: NativeDataset, names: readonly string[]): readonly string[] {
  const wrong = names.find((name) => !dataset.columns.includes(name))
  if (wrong !== undefined) throw new Raised('ValueError', `there is no column ${wrong} in the dataset`)
  return names
}

function picked(dataset: NativeDataset, columns: readonly string[]): NativeDataset {
  return new NativeDataset(
    columns,
    dataset.rows.map((row) => new Map(columns.map((name) => [name, row.get(name)!]))),
  )
}

function renamed(dataset: NativeDataset, names: ReadonlyMap<string, string>): NativeDataset {
  checked(dataset, [...names.keys()])
  const columns = dataset.columns.map((name) => names.get(name) ?? name)
  return new NativeDataset(
    columns,
    dataset.rows.map((row) => new Map(dataset.columns.map((name, index) => [columns[index]!, row.get(name)!]))),
  )
}

function outOfRange(index: number): never {
  throw new Raised('IndexError', `Index ${index} out of range`)
}
