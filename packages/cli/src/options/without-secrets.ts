import { withoutLogin } from '@saeval/hub/internal/without-login'
import type { PyDict, PyValue } from '@saeval/python'
import { isDict } from '@saeval/python/internal/values/value'

/** --model_args as results and messages show them: without the values of headers, and the user and password of addresses. */
export function withoutSecrets(args: PyDict): PyDict {
  return new Map(
    [...args].map(([name, value]): [string, PyValue] => {
      if (name === 'header' && isDict(value)) return [name, new Map([...value.keys()].map((header) => [header, '***']))]
      return [name, typeof value === 'string' ? withoutLogin(value) : value]
    }),
  )
}
