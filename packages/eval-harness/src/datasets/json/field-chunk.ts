import { InputError } from '@saeval/hub'
import { isDict, type PyDict, PyFloat, type PyValue } from '@saeval/python/internal/values/value'
import type { Feature } from '../tables/features.js'
import type { Chunk } from '../tables/table-split.js'
import { throughUjson, ujsonLoads } from '../tables/ujson.js'
import { chunkOf } from './chunk-of.js'
import { invalid } from './documents.js'
import { inferFeatures, MixedTypes } from './infer.js'

/** Names of columns in which pandas.read_json looks for dates. */
const dateName = /(_at|_time)$|^timestamp|^modified$|^date$/

/**
 * The documents under a key of a file that is one object. datasets reads them with pandas.read_json: texts stay texts, a column of whole floats
 * is one of ints. Throws InputError for what is no list of documents, and for columns whose types pandas would guess at.
 */
export function fieldChunk(text: string, field: string, name: string): Chunk {
  let whole: PyValue
  try {
    whole = ujsonLoads(text.replace(/^\ufeff/, ''))
  } catch (cause) {
    throw invalid(name, cause)
  }
  const list = isDict(whole) ? throughUjson(whole.get(field) ?? null) : null
  if (!Array.isArray(list) || !list.every(isDict))
    throw new InputError(`${name}: "${field}" is not a list of documents`)
  const rows: readonly PyDict[] = list
  try {
    const features = inferFeatures(rows, new Set())
    return chunkOf(
      rows,
      new Map([...features].map(([column, feature]) => [column, typed(rows, column, feature, name)])),
      name,
    )
  } catch (cause) {
    if (!(cause instanceof MixedTypes)) throw cause
    throw new InputError(`${name}, column ${cause.message}, which datasets cannot read from a field of a file`, {
      cause,
    })
  }
}

function typed(rows: readonly PyDict[], column: string, feature: Feature, name: string): Feature {
  const plain = asTexts(feature)
  if (plain.kind !== 'value') return plain
  if (dateName.test(column.toLowerCase()) && ['string', 'int64', 'float64'].includes(plain.dtype))
    throw new InputError(
      `${name}, column ${column}: pandas looks for dates in a column of this name, which is not supported; name it otherwise`,
    )
  const whole = (value: PyValue) => value === null || !(value instanceof PyFloat) || Number.isSafeInteger(value.value)
  if (plain.dtype === 'float64' && rows.every((row) => whole(row.get(column) ?? null))) {
    for (const row of rows) {
      const value = row.get(column)
      if (value instanceof PyFloat) (row as Map<string, PyValue>).set(column, value.value)
    }
    return { kind: 'value', dtype: 'int64' }
  }
  return plain
}

/** Times are read from JSON lines only. */
function asTexts(feature: Feature): Feature {
  if (feature.kind === 'list') return { kind: 'list', of: asTexts(feature.of) }
  if (feature.kind === 'struct')
    return { kind: 'struct', fields: new Map([...feature.fields].map(([name, of]) => [name, asTexts(of)])) }
  return feature.kind === 'value' && feature.dtype === 'timestamp[s]' ? { kind: 'value', dtype: 'string' } : feature
}
