import { isDict, PyFloat, type PyValue } from '@saeval/python/internal/values/value'
import type { Feature } from '../tables/features.js'
import { timestampOf } from '../tables/times-of-units.js'
import { parseTimestamp } from '../tables/timestamp-texts.js'

/** The way to a part of a document: names of keys, and 0 for the items of a list. */
export type Path = readonly (string | 0)[]

/** Values at one path are of kinds that no one type holds. */
export class MixedTypes extends Error {
  constructor(readonly path: Path) {
    super(`${path.map((part) => (part === 0 ? '[]' : part)).join('/')} has values of different kinds`)
  }
}

type Kind = 'none' | 'bool' | 'int' | 'float' | 'text' | 'list' | 'struct'

/** What the values at one path have in common, as pyarrow's JSON reader sees it. */
class Shape {
  kind: Kind = 'none'
  /** Whether all texts are times in whole seconds. */
  times = true
  items: Shape | null = null
  readonly fields = new Map<string, Shape>()

  add(value: PyValue, path: (string | 0)[], json: ReadonlySet<string>): void {
    if (value === null || json.has(pathKey(path))) return
    const kind = kindOf(value)
    if (this.kind === 'none') this.kind = kind
    else if (this.kind !== kind) {
      const numbers = (this.kind === 'int' || this.kind === 'float') && (kind === 'int' || kind === 'float')
      if (!numbers) throw new MixedTypes([...path])
      this.kind = 'float'
    }
    if (kind === 'text') this.times &&= parseTimestamp(value as string) !== null
    else if (kind === 'list') this.#addItems(value as readonly PyValue[], path, json)
    else if (kind === 'struct') this.addFields(value as ReadonlyMap<string, PyValue>, path, json)
  }

  #addItems(items: readonly PyValue[], path: (string | 0)[], json: ReadonlySet<string>): void {
    this.items ??= new Shape()
    path.push(0)
    for (const item of items) this.items.add(item, path, json)
    path.pop()
  }

  addFields(dict: ReadonlyMap<string, PyValue>, path: (string | 0)[], json: ReadonlySet<string>): void {
    for (const [name, value] of dict) {
      let field = this.fields.get(name)
      if (field === undefined) {
        field = new Shape()
        this.fields.set(name, field)
      }
      path.push(name)
      field.add(value, path, json)
      path.pop()
    }
  }

  feature(path: (string | 0)[], json: ReadonlySet<string>): Feature {
    if (json.has(pathKey(path))) return { kind: 'json' }
    if (this.kind === 'list') return { kind: 'list', of: (this.items ?? new Shape()).feature([...path, 0], json) }
    if (this.kind === 'struct')
      return {
        kind: 'struct',
        fields: new Map([...this.fields].map(([name, field]) => [name, field.feature([...path, name], json)])),
      }
    return { kind: 'value', dtype: this.kind === 'text' ? (this.times ? 'timestamp[s]' : 'string') : dtypes[this.kind] }
  }
}

const dtypes = { none: 'null', bool: 'bool', int: 'int64', float: 'float64' } as const

/** Distinct for distinct paths. */
export function pathKey(path: Path): string {
  return path.map((part) => (part === 0 ? '\0' : `\x01${part}`)).join('')
}

function kindOf(value: PyValue): Kind {
  switch (typeof value) {
    case 'string':
      return 'text'
    case 'number':
      return 'int'
    case 'bigint':
      return value >= -(2n ** 63n) && value < 2n ** 63n ? 'int' : 'float'
    case 'boolean':
      return 'bool'
  }
  return value instanceof PyFloat ? 'float' : Array.isArray(value) ? 'list' : 'struct'
}

/** The types of rows, with `json` the paths at which anything goes. Throws MixedTypes for a path at which the kinds differ. */
export function inferFeatures(
  rows: readonly ReadonlyMap<string, PyValue>[],
  json: ReadonlySet<string>,
): ReadonlyMap<string, Feature> {
  const root = new Shape()
  for (const row of rows) root.addFields(row, [], json)
  return new Map([...root.fields].map(([name, field]) => [name, field.feature([name], json)]))
}

/** A value as its type has it: numbers in a column with floats are floats, texts times, a struct has every key. */
export function fit(value: PyValue, feature: Feature): PyValue {
  if (value === null || feature.kind === 'json') return value
  if (feature.kind === 'list') return (value as readonly PyValue[]).map((item) => fit(item, feature.of))
  if (feature.kind === 'struct')
    return new Map(
      [...feature.fields].map(([name, of]) => [name, fit((value as Map<string, PyValue>).get(name) ?? null, of)]),
    )
  if (feature.kind !== 'value') return value
  if (feature.dtype === 'float64') return value instanceof PyFloat ? value : new PyFloat(Number(value))
  if (feature.dtype === 'int64') return typeof value === 'number' ? value + 0 : value
  return feature.dtype === 'timestamp[s]' ? timestampOf(parseTimestamp(value as string)!.seconds, 's', null) : value
}

/**
 * Paths at which documents have dicts with other keys, or dicts and lists beside something else: there anything goes. Source: datasets,
 * utils/json.py, find_mixed_struct_types_field_paths.
 */
export function mixedStructs(rows: readonly ReadonlyMap<string, PyValue>[]): Path[] {
  const found: Path[] = []
  const todo: { readonly path: Path; readonly values: readonly PyValue[] }[] = [{ path: [], values: rows }]
  for (const { path, values } of todo) {
    if (values.length === 0) continue
    if (values.every(isDict)) {
      const keys = values[0]!
      if (path.length > 0 && (keys.size === 0 || values.some((value) => !sameKeys(value, keys)))) {
        found.push(path)
        continue
      }
      for (const [name, members] of membersOf(values)) todo.push({ path: [...path, name], values: members })
    } else if (values.every(Array.isArray))
      todo.push({ path: [...path, 0], values: (values as PyValue[][]).flat().filter((item) => item !== null) })
    else if (values.some((value) => isDict(value) || Array.isArray(value))) found.push(path)
  }
  return found
}

function sameKeys(a: ReadonlyMap<string, PyValue>, b: ReadonlyMap<string, PyValue>): boolean {
  return a.size === b.size && [...a.keys()].every((key) => b.has(key))
}

/** The values of each key that are not None; keys whose values cannot be mixed are left out. */
function membersOf(dicts: readonly ReadonlyMap<string, PyValue>[]): Map<string, PyValue[]> {
  const members = new Map<string, PyValue[]>()
  const nested = new Set<string>()
  for (const dict of dicts)
    for (const [name, value] of dict) {
      if (value === null) continue
      const known = members.get(name)
      if (known === undefined) members.set(name, [value])
      else known.push(value)
      if (isDict(value) || Array.isArray(value)) nested.add(name)
    }
  for (const name of members.keys()) if (!nested.has(name)) members.delete(name)
  return members
}
