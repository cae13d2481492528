import { numberOf, type PyDict, PyFloat, type PyValue } from '../python/value.js'

/** What the dataset card says about a column: the names of its classes, or a type that its texts are read as. */
export type Feature = { readonly classNames: readonly string[] } | { readonly dtype: string }

/** Columns in the card's order; null where the card describes none. */
export type Features = ReadonlyMap<string, Feature> | null

/** The features of a configuration from a dataset card's `dataset_info` (one mapping, or a list by config_name). */
export function cardFeatures(card: PyDict, config: string): Features {
  const info = card.get('dataset_info') ?? null
  const entries = (Array.isArray(info) ? info : [info]) as readonly PyValue[]
  const found = entries.find(
    (entry): entry is PyDict => entry instanceof Map && (entry.get('config_name') ?? 'default') === config,
  )
  const list = (found ?? (entries.length === 1 ? entries[0] : null)) as PyDict | null
  const features = list instanceof Map ? list.get('features') : null
  if (!Array.isArray(features)) return null
  return new Map(
    (features as readonly PyDict[]).map((feature) => [feature.get('name') as string, cardFeature(feature)]),
  )
}

function cardFeature(feature: PyDict): Feature {
  const dtype = feature.get('dtype') ?? null
  if (typeof dtype === 'string') return { dtype }
  const names = dtype instanceof Map ? (dtype.get('class_label') as PyDict | undefined)?.get('names') : undefined
  if (Array.isArray(names)) return { classNames: names as string[] }
  return names instanceof Map ? { classNames: [...(names as PyDict).values()] as string[] } : { dtype: 'nested' }
}

/** A value as the card's feature has it: a class name becomes its number, a number in a float column a float. */
export function castToFeature(value: PyValue, feature: Feature | undefined): PyValue {
  if (feature === undefined || value === null) return value
  if ('classNames' in feature) {
    const index = typeof value === 'string' ? feature.classNames.indexOf(value) : -1
    return index >= 0 ? index : value
  }
  const number = numberOf(value)
  if (/^float/.test(feature.dtype) && number !== null) return new PyFloat(number)
  return value
}
