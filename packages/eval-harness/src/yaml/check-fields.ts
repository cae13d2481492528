import { didYouMean, InputError } from '@saeval/hub'
import { FunctionReference } from '@saeval/python/internal/functions/function-reference'
import { pyStr } from '@saeval/python/internal/text/text'
import { isDict, type PyValue, typeName } from '@saeval/python/internal/values/value'
import type { YamlValue } from './yaml.js'

/** What a field of a task file may hold. `function` allows a Python function beside the other kinds. */
export type FieldKind = 'text' | 'texts' | 'truth' | 'count' | 'mapping' | 'list' | 'rule' | 'function' | 'any'

export interface Field {
  readonly name: string
  /** Value of a task that does not have the field. */
  readonly fallback: PyValue
  readonly kind: FieldKind
}

/** Makes an error that names the task file and the field. */
export type Complain = (field: string, what: string) => InputError

/** Complaints about one file. */
export function complainAbout(file: string): Complain {
  return (field, what) => new InputError(`${file}: ${field} ${what}`)
}

/** Checks names and kinds of a mapping's members; `prefix` stands before their names in messages. */
export function checkFields(
  given: ReadonlyMap<string, YamlValue>,
  known: readonly Field[],
  complain: Complain,
  prefix = '',
): void {
  const kinds = new Map(known.map(({ name, kind }) => [name, kind]))
  for (const [name, value] of given) {
    const kind = kinds.get(name)
    if (kind === undefined)
      throw complain(
        prefix + pyStr(name),
        `is not a field of ${prefix === '' ? 'a task file' : prefix.slice(0, -1)}${didYouMean(pyStr(name), [...kinds.keys()])}`,
      )
    if (value !== null && !fits(kind, value))
      throw complain(prefix + name, `is a ${kindName(value)}, expected ${expected[kind]}`)
    if (kind === 'mapping' && value !== null) checkKeys(value, prefix + name, complain)
  }
}

/** Refuses keys of a mapping that are no texts: they name arguments of Python functions. */
export function checkKeys(mapping: YamlValue, field: string, complain: Complain): void {
  for (const key of (mapping as ReadonlyMap<PyValue, YamlValue>).keys())
    if (typeof key !== 'string') throw complain(field, `has the key ${pyStr(key)}, which is not a text`)
}

/** A value's kind as a task's author knows it. */
function kindName(value: YamlValue): string {
  if (value instanceof FunctionReference) return 'Python function'
  const names: Readonly<Record<string, string>> = { str: 'text', bool: 'truth value', dict: 'mapping' }
  const name = typeName(value as never)
  return names[name] ?? name
}

const expected: Readonly<Record<FieldKind, string>> = {
  text: 'a text',
  texts: 'a text or a list of texts',
  truth: 'true or false',
  count: 'a whole number from 0',
  mapping: 'a mapping',
  list: 'a list',
  rule: 'a template, a column name, a number, a list, a mapping or a Python function',
  function: 'a Python function',
  any: 'anything',
}

function fits(kind: FieldKind, value: YamlValue): boolean {
  switch (kind) {
    case 'text':
      return typeof value === 'string'
    case 'texts':
      return typeof value === 'string' || (Array.isArray(value) && value.every((item) => typeof item === 'string'))
    case 'truth':
      return typeof value === 'boolean'
    case 'count':
      return typeof value === 'number' && Number.isInteger(value) && value >= 0
    case 'mapping':
      return isDict(value)
    case 'list':
      return Array.isArray(value)
    case 'function':
      return value instanceof FunctionReference
    case 'rule':
    case 'any':
      return true
  }
}
