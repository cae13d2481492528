import { isDict, numberOf, type PyValue, typeName } from '../python/value.js'
import { iterate, type Keywords } from './filters.js'
import { Namespace, type Scope } from './scope.js'
import { TemplateError } from './template-error.js'

/** Calls one of Jinja's global functions or a macro of the template. Throws TemplateError where there is none of that name. */
export function callFunction(name: string, args: readonly PyValue[], keywords: Keywords, scope: Scope): PyValue {
  const macro = scope.macros.get(name)
  if (macro) return macro(args, keywords)
  switch (name) {
    case 'range':
      return range(args)
    case 'dict':
      return new Map([...(args[0] === undefined ? [] : (pairsOf(args[0]) as [string, PyValue][])), ...keywords])
    case 'namespace':
      return new Namespace([...(isDict(args[0]) ? args[0] : []), ...keywords])
    default:
      if (scope.has(name))
        throw new TemplateError('TypeError', `'${typeName(scope.get(name)!)}' object is not callable`)
      throw new TemplateError('UndefinedError', `'${name}' is undefined`)
  }
}

function pairsOf(items: PyValue): (readonly PyValue[])[] {
  return isDict(items) ? [...items] : iterate(items).map((item) => iterate(item))
}

function range(args: readonly PyValue[]): number[] {
  const numbers = args.map((item) => numberOf(item) ?? 0)
  const [start, stop, step] =
    numbers.length === 1 ? [0, numbers[0]!, 1] : [numbers[0] ?? 0, numbers[1] ?? 0, numbers[2] ?? 1]
  if (step === 0) throw new TemplateError('ValueError', 'range() arg 3 must not be zero')
  const length = Math.max(0, Math.ceil((stop - start) / step))
  if (length > 100_000) throw new TemplateError('ValueError', `a range of ${length} numbers is longer than any prompt`)
  return Array.from({ length }, (_, index) => start + index * step)
}
