import { PythonError } from '../../values/python-error.js'
import { type PyValue, typeName } from '../../values/value.js'
import type { Keywords } from '../runtime/functions.js'
import { textOf } from '../runtime/markup.js'

/** A method of a type: the object, arguments by place, arguments by name. */
export type Method<T> = (value: T, args: readonly PyValue[], keywords: Keywords) => PyValue

/** The argument at a place as a text. */
export function text(args: readonly PyValue[], index: number): string {
  const found = textOf(args[index])
  if (found !== null) return found
  const given = args[index] === undefined ? 'nothing' : typeName(args[index])
  throw new PythonError('TypeError', `must be str, not ${given}`)
}

/** The argument at a place as an int. */
export function int(value: PyValue): number {
  if (typeof value === 'number' || typeof value === 'boolean') return Number(value)
  if (typeof value === 'bigint') return value > 0n ? Number.MAX_SAFE_INTEGER : Number.MIN_SAFE_INTEGER
  throw new PythonError('TypeError', `'${typeName(value)}' object cannot be interpreted as an integer`)
}

/** An int, or a fallback where there is none; None counts as none where `nullable`. */
export function intOr(value: PyValue | undefined, fallback: number, nullable = false): number {
  return value === undefined || (nullable && value === null) ? fallback : int(value)
}

/** Raises unless the number of arguments fits and none is given by name. */
export function arity(name: string, args: readonly PyValue[], keywords: Keywords, least: number, most = least): void {
  if (keywords.size > 0) throw new PythonError('TypeError', `${name}() takes no keyword arguments`)
  if (args.length < least || args.length > most)
    throw new PythonError(
      'TypeError',
      `${name}() takes ${least === most ? least : `${least} to ${most}`} arguments, got ${args.length}`,
    )
}
