import { checked, index, isObject, number, refuseUnknownNames, text, truth } from '@saeval/hub/checks'
import * as v from 'valibot'

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

const schemas = {
  string: text,
  /** A string that the command line may have read as a number: positions=3. */
  words: v.custom<string | number>((value) => typeof value === 'string' || typeof value === 'number', 'a text'),
  /** A whole number from 0. */
  count: index,
  number,
  boolean: truth,
  object: v.custom<Readonly<Record<string, ModelArgument>>>(
    isObject,
    'a JSON object: --model_args takes one of all arguments, as in {"pretrained": "…", "chat_template_args": {…}}',
  ),
} as const

/** What an argument takes; `words` is a string that the command line may have read as a number, `count` a whole number from 0. */
export type ArgumentKind = keyof typeof schemas

/** A model's arguments: name -> what it takes. */
export type ArgumentKinds = Readonly<Record<string, ArgumentKind>>

/** Checks --model_args (or another flag of pairs) against what a model takes. Throws InputError for names it does not know and values of another kind. */
export function readArguments<Kinds extends ArgumentKinds>(
  model: string,
  args: ModelArguments,
  kinds: Kinds,
  flag = '--model_args',
): { readonly [Name in keyof Kinds]?: v.InferOutput<(typeof schemas)[Kinds[Name]]> } {
  const taker = flag === '--model_args' ? `${flag}: model ${model}` : flag
  refuseUnknownNames(`${taker} has no argument`, args, Object.keys(kinds))
  for (const [name, value] of Object.entries(args)) checked(flag, schemas[kinds[name]!], value, name)
  return args as ReturnType<typeof readArguments<Kinds>>
}
