import { PythonError } from '../../values/python-error.js'
import { PyObject, type PyValue, typeName } from '../../values/value.js'
import type { Keywords } from './functions.js'

/** function(*args, **keywords). Raises TypeError for what is no function. */
export function callValue(callee: PyValue, args: readonly PyValue[], keywords: Keywords): PyValue {
  if (callee instanceof PyObject && callee.call) return callee.call(args, keywords)
  throw new PythonError('TypeError', `'${typeName(callee)}' object is not callable`)
}
