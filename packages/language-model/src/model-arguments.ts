import { didYouMean, InputError } from '@saeval/hub'

/** A value of `--model_args`, after lm_eval's parsing rules. */
export type ModelArgument =
  | string
  | number
  | boolean
  | null
  | readonly ModelArgument[]
  | { readonly [key: string]: ModelArgument }

/** `--model_args` as a model factory gets them: plain values. */
export type ModelArguments = Readonly<Record<string, ModelArgument>>

/** `words` is a string that the command line may have read as a number: positions=3; `count` is a whole number from 0. */
export type ArgumentKind = 'string' | 'words' | 'count' | 'number' | 'boolean' | 'object'
interface Values {
  readonly string: string
  readonly words: string | number
  readonly count: number
  readonly number: number
  readonly boolean: boolean
  readonly object: Readonly<Record<string, ModelArgument>>
}

/** A model's arguments: name -> what it takes. */
export type ArgumentKinds = Readonly<Record<string, ArgumentKind>>

/** Checks --model_args (or another flag of pairs) against what a model takes. Throws InputError for names it does not know and values of another kind. */
export function readArguments<Kinds extends ArgumentKinds>(
  model: string,
  args: ModelArguments,
  kinds: Kinds,
  flag = '--model_args',
): { readonly [Name in keyof Kinds]?: Values[Kinds[Name]] } {
  for (const [name, value] of Object.entries(args)) {
    const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined
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

const expected: Readonly<Record<ArgumentKind, string>> = {
  string: 'a text',
  words: 'a text',
  count: 'a whole number from 0',
  number: 'a number',
  boolean: 'true or false',
  object:
    'a JSON object: --model_args takes one of all arguments, as in {"pretrained": "…", "chat_template_args": {…}}',
}

function fits(kind: ArgumentKind, value: ModelArgument): boolean {
  if (kind === 'string') return typeof value === 'string'
  if (kind === 'number') return typeof value === 'number'
  if (kind === 'words') return typeof value === 'string' || typeof value === 'number'
  if (kind === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value)
  return kind === 'boolean'
    ? typeof value === 'boolean'
    : typeof value === 'number' && Number.isInteger(value) && value >= 0
}
