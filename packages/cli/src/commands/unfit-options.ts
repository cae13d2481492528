import { InputError } from '@saeval/hub'
import type { Command } from 'commander'

/** Flags of run that another command does not have, and why: refused by name, and in no help. */
export type UnfitOptions = Readonly<Record<string, string>>

/** Takes flags of run out of a command's help: those that it refuses, and those that are taken and mean nothing. */
export function hideOptions(command: Command, names: readonly string[]): void {
  for (const option of command.options) if (names.includes(option.attributeName())) option.hideHelp()
}

/** Gives --model its one value; another one is for refuseUnfit to refuse. */
export function fixModel(command: Command, model: string, description: string): void {
  const option = command.options.find((option) => option.attributeName() === 'model')!
  option.default(model).description = description
  command.setOptionValueWithSource('model', model, 'default')
}

/** Throws InputError naming the first flag of run that was given and does not fit. */
export function refuseUnfit(command: Command, what: string, unfit: UnfitOptions): void {
  const wrong = Object.keys(unfit).find((flag) => !['default', undefined].includes(command.getOptionValueSource(flag)))
  if (wrong !== undefined)
    throw new InputError(`--${wrong} is a flag of "saeval run" that ${what} does not have: ${unfit[wrong]}`)
}
