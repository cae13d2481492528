import { floatRepr } from '../python/text.js'
import { intOf, isDict, numberOf, type PyDict, PyFloat, type PyValue } from '../python/value.js'

/** What is known of a column or of a part of it. A `table` is a sequence of structs, which is kept as a dict of lists. */
export type Feature =
  | { readonly kind: 'value'; readonly dtype: string }
  | { readonly kind: 'class'; readonly names: readonly string[] }
  | { readonly kind: 'list'; readonly of: Feature }
  | { readonly kind: 'struct' | 'table'; readonly fields: ReadonlyMap<string, Feature> }

/** Columns in the card's order; null where the card describes none. */
export type Features = ReadonlyMap<string, Feature> | null

/** The features of a configuration from a dataset card's `dataset_info` (one mapping, or a list by config_name). */
export function cardFeatures(card: PyDict, config: string): Features {
  const info = card.get('dataset_info') ?? null
  const entries = (Array.isArray(info) ? info : [info]) as readonly PyValue[]
  const found = entries.find(
    (entry): entry is PyDict => isDict(entry) && (entry.get('config_name') ?? 'default') === config,
  )
  const list = (found ?? (entries.length === 1 ? entries[0] : null)) as PyDict | null
  const features = isDict(list) ? list.get('features') : null
  return Array.isArray(features) ? cardFields(features as readonly PyDict[]) : null
}

function cardFields(fields: readonly PyDict[]): ReadonlyMap<string, Feature> {
  return new Map(fields.map((field) => [field.get('name') as string, cardFeature(field)]))
}

/** A feature as cards write it: dtype, list, sequence or struct, each with a name of a type or with more features. */
function cardFeature(feature: PyDict): Feature {
  const inner = (value: PyValue, ofStructs: 'struct' | 'table'): Feature => {
    if (Array.isArray(value)) return { kind: ofStructs, fields: cardFields(value as readonly PyDict[]) }
    return cardFeature(new Map([['dtype', value]]))
  }
  const sequence = feature.get('sequence')
  if (sequence !== undefined) {
    const of = inner(sequence, 'table')
    return of.kind === 'table' ? of : { kind: 'list', of }
  }
  const list = feature.get('list')
  if (list !== undefined) return { kind: 'list', of: inner(list, 'struct') }
  const struct = feature.get('struct')
  if (struct !== undefined) return inner(struct, 'struct')
  const dtype = feature.get('dtype') ?? null
  if (!isDict(dtype)) return { kind: 'value', dtype: typeof dtype === 'string' ? dtype : 'unknown' }
  const label = dtype.get('class_label')
  if (!isDict(label)) return isDict(dtype) && dtype.size > 0 ? cardFeature(dtype) : { kind: 'value', dtype: 'unknown' }
  const names = label.get('names')
  return { kind: 'class', names: Array.isArray(names) ? names : isDict(names) ? [...names.values()].map(String) : [] }
}

/** The features of a parquet file written by `datasets`, from the JSON that it leaves in the file's metadata; null for other files. */
export function embeddedFeatures(info: PyValue): Features {
  const features = isDict(info) && isDict(info.get('info')) ? (info.get('info') as PyDict).get('features') : null
  return isDict(features) ? new Map([...features].map(([name, feature]) => [name, embeddedFeature(feature)])) : null
}

function embeddedFeature(feature: PyValue): Feature {
  const names = isDict(feature) && feature.get('_type') === 'ClassLabel' ? feature.get('names') : null
  return Array.isArray(names) ? { kind: 'class', names: names as string[] } : { kind: 'value', dtype: 'unknown' }
}

/** Columns of class numbers with the names of their classes. */
export function classNames(features: Features): ReadonlyMap<string, readonly string[]> {
  return new Map(
    [...(features ?? [])].flatMap(([name, feature]) => (feature.kind === 'class' ? [[name, feature.names]] : [])),
  )
}

/** A value as the card's feature has it: a class name becomes its number, a number in a float column a float, a struct has every field. */
export function castToFeature(value: PyValue, feature: Feature | undefined): PyValue {
  if (feature === undefined || value === null) return value
  switch (feature.kind) {
    case 'class': {
      const index = typeof value === 'string' ? feature.names.indexOf(value) : -1
      return index >= 0 ? index : typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value
    }
    case 'value':
      return castToType(value, feature.dtype)
    case 'list':
      return Array.isArray(value) ? value.map((item) => castToFeature(item, feature.of)) : value
    case 'struct':
      return isDict(value)
        ? new Map([...feature.fields].map(([name, of]) => [name, castToFeature(value.get(name) ?? null, of)]))
        : value
    case 'table': {
      const column = (name: string): PyValue =>
        isDict(value) ? (value.get(name) ?? null) : (value as readonly PyDict[]).map((item) => item.get(name) ?? null)
      if (!isDict(value) && !(Array.isArray(value) && value.every(isDict))) return value
      return new Map([...feature.fields].map(([name, of]) => [name, castToFeature(column(name), { kind: 'list', of })]))
    }
  }
}

function castToType(value: PyValue, dtype: string): PyValue {
  const number = numberOf(value)
  if (/^float/.test(dtype)) {
    if (typeof value === 'string' && /^[-+.\d]/.test(value)) return new PyFloat(Number(value))
    return number === null ? value : new PyFloat(number)
  }
  if (/^u?int/.test(dtype)) {
    if (typeof value === 'string' && /^[-+]?\d+$/.test(value)) return intOf(value.replace(/^\+/, ''))
    return value instanceof PyFloat && Number.isInteger(value.value) ? value.value : value
  }
  if (/^(large_)?string$/.test(dtype) && number !== null)
    return typeof value === 'boolean'
      ? String(value)
      : value instanceof PyFloat
        ? floatRepr(value.value)
        : String(value)
  return value
}
