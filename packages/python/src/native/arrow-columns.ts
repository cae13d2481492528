import { isDict, type PyDict, PyFloat, type PyValue } from '../values/value.js'

/** What the values of a column have in common, as Arrow would see it. */
type Shape = 'float' | 'other' | { readonly list: Shape | null } | { readonly dict: ReadonlyMap<string, Shape | null> }

/**
 * Rows as one table: every row has every column, a column with any float has only floats, a struct has the keys of all rows, at any depth.
 * What a row lacks is None.
 */
export function asTable(rows: readonly PyDict[], columns: readonly string[]): PyDict[] {
  const shapes = columns.map((name) =>
    rows.reduce<Shape | null>((known, row) => shapeOf(row.get(name) ?? null, known), null),
  )
  return rows.map((row) => new Map(columns.map((name, index) => [name, fit(row.get(name) ?? null, shapes[index]!)])))
}

function shapeOf(value: PyValue, known: Shape | null): Shape | null {
  if (value === null) return known
  if (Array.isArray(value)) {
    let of = typeof known === 'object' && known !== null && 'list' in known ? known.list : null
    for (const item of value) of = shapeOf(item, of)
    return { list: of }
  }
  if (isDict(value)) {
    const fields = new Map(typeof known === 'object' && known !== null && 'dict' in known ? known.dict : [])
    for (const [key, item] of value) fields.set(key, shapeOf(item, fields.get(key) ?? null))
    return { dict: fields }
  }
  return value instanceof PyFloat || known === 'float' ? 'float' : 'other'
}

function fit(value: PyValue, shape: Shape | null): PyValue {
  if (value === null || shape === null || shape === 'other') return value
  if (shape === 'float')
    return typeof value === 'number' || typeof value === 'bigint' ? new PyFloat(Number(value)) : value
  if ('list' in shape) return Array.isArray(value) ? value.map((item) => fit(item, shape.list)) : value
  return isDict(value) ? new Map([...shape.dict].map(([key, of]) => [key, fit(value.get(key) ?? null, of)])) : value
}
