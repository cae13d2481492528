import { InputError, option, sentence } from '@saeval/hub'
import type { ModelArguments } from '@saeval/language-model'
import { isDict, type PyDict, PyFloat, type PyValue, toPlain } from '@saeval/python'

/**
 * model_args as plain values. Throws InputError for 1.0 inside chat_template_args: a template prints it otherwise than 1, and plain numbers do not
 * tell them apart.
 */
export function plainArguments(args: PyDict): ModelArguments {
  const check = (value: PyValue): void => {
    if (value instanceof PyFloat && Number.isInteger(value.value))
      throw new InputError(
        sentence`${option('model_args')}: chat_template_args holds ${value.value}.0, which would reach the template as ${value.value}; write it as a text`,
      )
    if (Array.isArray(value)) value.forEach(check)
    else if (isDict(value)) for (const item of value.values()) check(item)
  }
  check(args.get('chat_template_args') ?? null)
  return toPlain(args) as ModelArguments
}
