import { PythonError } from './python-error.js'
import { equals, type PyDict, PyObject, PyTuple, type PyValue, typeName } from './value.js'

// Dicts are Maps from texts in documents; a template may write {1: 'a', (1, 2): 'b'}. There, 1, 1.0 and True are one key.

type AnyDict = ReadonlyMap<PyValue, PyValue>

/** Raises for what Python cannot hash. */
export function checkHashable(key: PyValue): void {
  if (key instanceof PyTuple) for (const item of key) checkHashable(item)
  else if (Array.isArray(key) || key instanceof Map)
    throw new PythonError('TypeError', `unhashable type: '${typeName(key)}'`)
  else if (key instanceof PyObject) key.hash()
}

/** The key of a dict that equals this one; undefined where there is none. */
function ownKey(dict: AnyDict, key: PyValue): PyValue | undefined {
  if (typeof key === 'string' || key === null) return dict.has(key) ? key : undefined
  checkHashable(key)
  for (const own of dict.keys())
    if (own === key || (typeof own !== 'string' || key instanceof PyObject ? equals(own, key) : false)) return own
  return undefined
}

/** dict[key], undefined where it is not there. */
export function getItem(dict: PyDict, key: PyValue): PyValue | undefined {
  if (typeof key === 'string') return dict.get(key)
  const own = ownKey(dict as AnyDict, key)
  return own === undefined ? undefined : (dict as AnyDict).get(own)
}

/** key in dict */
export function hasKey(dict: PyDict, key: PyValue): boolean {
  return ownKey(dict as AnyDict, key) !== undefined
}

/** dict[key] = value: an equal key stays as it is. */
export function setItem(dict: PyDict, key: PyValue, value: PyValue): void {
  const map = dict as unknown as Map<PyValue, PyValue>
  map.set(ownKey(map, key) ?? key, value)
}

/** del dict[key]; false where it is not there. */
export function deleteItem(dict: PyDict, key: PyValue): boolean {
  const map = dict as unknown as Map<PyValue, PyValue>
  const own = ownKey(map, key)
  return own !== undefined && map.delete(own)
}
