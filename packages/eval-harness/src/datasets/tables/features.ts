import { InputError } from '@saeval/hub'
import { pyStr } from '@saeval/python/internal/text/text'
import { isDict, type PyDict, type PyValue } from '@saeval/python/internal/values/value'

/**
 * The type of a column or of a part of it: a Value by its dtype ("int64", "timestamp[s]"), a ClassLabel, a List, a struct, or Json, whose
 * values may be anything.
 */
export type Feature =
  | { readonly kind: 'value'; readonly dtype: string }
  | { readonly kind: 'class'; readonly names: readonly string[] }
  | { readonly kind: 'list'; readonly of: Feature }
  | { readonly kind: 'struct'; readonly fields: ReadonlyMap<string, Feature> }
  | { readonly kind: 'json' }

/** Columns in the card's order; null where the card describes none. */
export type Features = ReadonlyMap<string, Feature> | null

/**
 * The features of a configuration from a dataset card's `dataset_info` (one mapping, or a list by config_name). Throws InputError naming the card,
 * `name`, for features that are none.
 */
export function cardFeatures(card: PyDict, config: string, name: string): Features {
  const info = card.get('dataset_info') ?? null
  const entries = (Array.isArray(info) ? (info as readonly PyValue[]) : [info]).filter(isDict)
  const found = entries.find((entry) => (entry.get('config_name') ?? 'default') === config)
  const features = (found ?? (entries.length === 1 ? entries[0] : undefined))?.get('features')
  return Array.isArray(features) ? cardFields(features, name) : null
}

function cardFields(fields: readonly PyValue[], name: string): ReadonlyMap<string, Feature> {
  return new Map(
    fields.map((field) => {
      const column = isDict(field) ? field.get('name') : undefined
      if (typeof column === 'string') return [column, cardFeature(field as PyDict, name)]
      throw new InputError(`${name}: dataset_info.features has an entry without a name`)
    }),
  )
}

/** Other names that datasets allows for types. */
const aliases = new Map([
  ['float', 'float32'],
  ['double', 'float64'],
  ['str', 'string'],
  ['boolean', 'bool'],
])

/** A feature as cards write it: dtype, list, sequence or struct, each with a name of a type or with more features. */
function cardFeature(feature: PyDict, name: string): Feature {
  const inner = (value: PyValue): Feature =>
    Array.isArray(value)
      ? { kind: 'struct', fields: cardFields(value, name) }
      : cardFeature(new Map([['dtype', value]]), name)
  const sequence = feature.get('sequence')
  if (sequence !== undefined) return sequenceOf(inner(sequence))
  const list = feature.get('list')
  if (list !== undefined) return { kind: 'list', of: inner(list) }
  const struct = feature.get('struct')
  if (struct !== undefined) return inner(struct)
  const dtype = feature.get('dtype') ?? null
  if (dtype === 'json') return { kind: 'json' }
  if (!isDict(dtype))
    return { kind: 'value', dtype: dtype === null ? 'null' : (aliases.get(pyStr(dtype)) ?? pyStr(dtype)) }
  const label = dtype.get('class_label')
  if (isDict(label)) return { kind: 'class', names: namesOf(label) }
  return dtype.size > 0 ? cardFeature(dtype, name) : { kind: 'value', dtype: 'null' }
}

/** A sequence of structs is kept as a struct of lists. */
function sequenceOf(of: Feature): Feature {
  if (of.kind !== 'struct') return { kind: 'list', of }
  return {
    kind: 'struct',
    fields: new Map([...of.fields].map(([name, member]) => [name, { kind: 'list', of: member }])),
  }
}

/** The names of a class label's classes: a list, or a mapping by number. */
function namesOf(label: PyDict): string[] {
  const names = label.get('names')
  if (!isDict(names)) return (Array.isArray(names) ? (names as readonly PyValue[]) : []).map(pyStr)
  return [...names].sort(([a], [b]) => Number(a) - Number(b)).map(([, name]) => pyStr(name))
}

/** The features of a parquet file written by `datasets`, from the JSON that it leaves in the file's metadata; null for other files. */
export function embeddedFeatures(info: PyValue): Features {
  const features = isDict(info) && isDict(info.get('info')) ? (info.get('info') as PyDict).get('features') : null
  return isDict(features) ? new Map([...features].map(([name, feature]) => [name, embeddedFeature(feature)])) : null
}

function embeddedFeature(feature: PyValue): Feature {
  if (Array.isArray(feature)) return { kind: 'list', of: embeddedFeature(feature[0]!) }
  const type = isDict(feature) ? (feature.get('_type') ?? null) : null
  if (!isDict(feature)) return { kind: 'value', dtype: 'null' }
  switch (type) {
    case 'ClassLabel':
      return { kind: 'class', names: namesOf(feature) }
    case 'Value':
      return { kind: 'value', dtype: String(feature.get('dtype')) }
    case 'Json':
      return { kind: 'json' }
    case 'List':
    case 'LargeList':
    case 'Sequence': {
      const of = embeddedFeature(feature.get('feature') ?? null)
      return type === 'Sequence' ? sequenceOf(of) : { kind: 'list', of }
    }
    case null:
      return { kind: 'struct', fields: new Map([...feature].map(([name, member]) => [name, embeddedFeature(member)])) }
    default:
      return { kind: 'value', dtype: String(type).toLowerCase() }
  }
}

/** Features whose values datasets decodes into pictures, sounds and the like. */
const media = /^(image|audio|video|pdf|nifti|mesh|array[2-5]d|translation.*)$/

/** The kind of a column's decoded values ("image") where saeval has none; null for others. */
export function mediaOf(feature: Feature): string | null {
  if (feature.kind === 'value') return media.test(feature.dtype) ? feature.dtype : null
  if (feature.kind === 'list') return mediaOf(feature.of)
  if (feature.kind === 'struct') return [...feature.fields.values()].map(mediaOf).find((kind) => kind !== null) ?? null
  return null
}

/** Columns of class numbers with the names of their classes. */
export function classNames(features: Features): ReadonlyMap<string, readonly string[]> {
  return new Map(
    [...(features ?? [])].flatMap(([name, feature]) => (feature.kind === 'class' ? [[name, feature.names]] : [])),
  )
}

/** Whether two features are one. */
export function sameFeature(a: Feature, b: Feature): boolean {
  return featureText(a) === featureText(b)
}

const texts = new WeakMap<Feature, string>()

/** A feature for messages: "int64", "a list of string", "{a: int64}". */
export function featureText(feature: Feature): string {
  const known = texts.get(feature)
  if (known !== undefined) return known
  const text = writeFeature(feature)
  texts.set(feature, text)
  return text
}

function writeFeature(feature: Feature): string {
  switch (feature.kind) {
    case 'value':
      return feature.dtype
    case 'class':
      return `one of the classes ${feature.names.join(', ')}`
    case 'json':
      return 'any JSON'
    case 'list':
      return `a list of ${featureText(feature.of)}`
    case 'struct':
      return `{${[...feature.fields].map(([name, of]) => `${name}: ${featureText(of)}`).join(', ')}}`
  }
}
