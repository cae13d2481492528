import { didYouMean, InputError } from '@saeval/hub'
import type { ModelArgument, ModelArguments } from '@saeval/language-model'
import { isDict, type PyDict, PyFloat, type PyValue, toPlain } from '@saeval/python'

/** `words` is a text that the command line may have read as a number: positions=3. */
type Kind = 'text' | 'words' | 'count' | 'number' | 'truth' | 'object'
interface Values {
  readonly text: string
  readonly words: string | number
  readonly count: number
  readonly number: number
  readonly truth: boolean
  readonly object: Readonly<Record<string, ModelArgument>>
}

/** A model's arguments: name -> what it takes. */
export type ArgumentKinds = Readonly<Record<string, Kind>>

/**
 * --model_args as plain values. Throws InputError for 1.0 inside chat_template_args: a template prints it otherwise than 1, and plain numbers do not
 * tell them apart.
 */
export function plainArguments(args: PyDict): ModelArguments {
  const check = (value: PyValue): void => {
    if (value instanceof PyFloat && Number.isInteger(value.value))
      throw new InputError(
        `--model_args: chat_template_args holds ${value.value}.0, which would reach the template as ${value.value}; write it as a text`,
      )
    if (Array.isArray(value)) value.forEach(check)
    else if (isDict(value)) for (const item of value.values()) check(item)
  }
  check(args.get('chat_template_args') ?? null)
  return toPlain(args) as ModelArguments
}

/** Checks --model_args (or another flag of pairs) against what a model takes. Throws InputError for names it does not know and values of another kind. */
export function readArguments<Kinds extends ArgumentKinds>(
  model: string,
  args: ModelArguments,
  kinds: Kinds,
  flag = '--model_args',
): { readonly [Name in keyof Kinds]?: Values[Kinds[Name]] } {
  for (const [name, value] of Object.entries(args)) {
    const kind = kinds[name]
    if (kind === undefined) {
      const names = Object.keys(kinds)
      const hint = didYouMean(name, names) || `; it takes ${names.join(', ')}`
      const taker = flag === '--model_args' ? `${flag}: model ${model}` : flag
      throw new InputError(`${taker} has no argument "${name}"${hint}`)
    }
    if (!fits(kind, value))
      throw new InputError(`${flag}: ${name} is ${JSON.stringify(value)}, expected ${expected[kind]}`)
  }
  return args as { readonly [Name in keyof Kinds]?: Values[Kinds[Name]] }
}

const expected: Readonly<Record<Kind, string>> = {
  text: 'a text',
  words: 'a text',
  count: 'a whole number from 0',
  number: 'a number',
  truth: 'true or false',
  object:
    'a JSON object: --model_args takes one of all arguments, as in {"pretrained": "…", "chat_template_args": {…}}',
}

function fits(kind: Kind, value: ModelArgument): boolean {
  if (kind === 'text') return typeof value === 'string'
  if (kind === 'number') return typeof value === 'number'
  if (kind === 'words') return typeof value === 'string' || typeof value === 'number'
  if (kind === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value)
  return kind === 'truth'
    ? typeof value === 'boolean'
    : typeof value === 'number' && Number.isInteger(value) && value >= 0
}
