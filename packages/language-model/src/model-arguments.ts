import { InputError, option, sentence } from '@saeval/hub'
import { checked, index, isObject, number, refuseUnknownNames, shown, text, truth } from '@saeval/hub/checks'
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
  object: v.custom<Readonly<Record<string, ModelArgument>>>(isObject),
} as const

/** What an argument takes; `words` is a string that the command line may have read as a number, `count` a whole number from 0. */
export type ArgumentKind = keyof typeof schemas

/** A model's arguments: name -> what it takes. */
export type ArgumentKinds = Readonly<Record<string, ArgumentKind>>

/** Checks modelArgs (or another option of pairs) against what a model takes. Throws InputError for names it does not know and values of another kind. */
export function readArguments<Kinds extends ArgumentKinds>(
  model: string,
  args: ModelArguments,
  kinds: Kinds,
  name = 'modelArgs',
): { readonly [Name in keyof Kinds]?: v.InferOutput<(typeof schemas)[Kinds[Name]]> } {
  const taker = name === 'modelArgs' ? sentence`${option(name)}: model ${model}` : option(name)
  refuseUnknownNames(sentence`${taker} has no argument`, args, Object.keys(kinds))
  for (const [argument, value] of Object.entries(args)) {
    if (kinds[argument] === 'object' && !isObject(value))
      throw new InputError(
        sentence`${option(name)}: ${argument} is ${shown(value)}, expected a JSON object: ${option('modelArgs')} takes one of all arguments, as in {"pretrained": "…", "chat_template_args": {…}}`,
      )
    checked(sentence`${option(name)}`, schemas[kinds[argument]!], value, argument)
  }
  return args as ReturnType<typeof readArguments<Kinds>>
}
