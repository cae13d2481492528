import { indexTasks } from '@saeval/eval-harness'
import { registeredModels } from '@saeval/language-model/internal/model-registry'
import { hfArguments } from '@saeval/lm-backend-onnx'
import { releases } from '@saeval/sae-core'
import { saeSteeredBetaArguments, steeredArguments } from '@saeval/steering'
import { hookActions } from '@saeval/steering-csv'
import type { Command, Option } from 'commander'

/** What a shell offers for a flag. */
export interface CompletedOption {
  /** Short and long form. */
  readonly flags: readonly string[]
  readonly description: string
  /** How many words come after it; `maybe` is none or one. */
  readonly takes: 'none' | 'maybe' | 'one' | 'many'
  /** What these words can be; any file where there is none. */
  readonly words: readonly string[]
}

/** What a shell offers for a command. */
export interface CompletedCommand {
  readonly name: string
  readonly description: string
  readonly options: readonly CompletedOption[]
  /** What its arguments can be; any file where there is none. */
  readonly words: readonly string[]
}

/** Arguments in --model_args whose values are names of models. */
export const modelKeys = ['base_name', 'pretrained', 'tokenizer'] as const

/** Names of the models that there are SAEs for. */
export function modelNames(): string[] {
  return [...new Set([...releases().values()].map(({ model }) => model))].sort()
}

/** Everything that a shell can complete, from commander's definition. Hidden flags are left out. */
export function completedCommands(program: Command): CompletedCommand[] {
  const { entries, tags } = indexTasks([])
  const tasks = [...entries.keys(), ...tags.keys()].sort()
  const models = modelNames()
  const named: Readonly<Record<string, readonly string[]>> = {
    tasks,
    device: ['auto', 'cpu', 'cuda:0', 'webgpu'],
    batch_size: ['auto'],
    actions: hookActions,
    model: registeredModels(),
    model_args: [
      ...new Set(
        [hfArguments, saeSteeredBetaArguments, steeredArguments].flatMap((kinds) =>
          Object.keys(kinds).map((name) => `${name}=`),
        ),
      ),
    ],
  }
  const wordsOf = (command: string, option: Option): readonly string[] => {
    const name = option.attributeName()
    return option.argChoices ?? (command === 'saes' && name === 'model' ? models : (named[name] ?? []))
  }
  const help: CompletedCommand = {
    name: 'help',
    description: 'print help',
    options: [],
    words: program.commands.map((command) => command.name()),
  }
  return [
    ...program.commands.map((command) => ({
      name: command.name(),
      description: firstSentence(command.description()),
      options: [command, ...command.commands]
        .flatMap((inner) => inner.createHelp().visibleOptions(inner))
        .filter((option, index, all) => all.findIndex(({ long }) => long === option.long) === index)
        .map((option) => ({
          flags: [option.short, option.long].filter((flag) => flag !== undefined && flag !== null),
          description: firstSentence(option.description),
          takes: taking(option),
          words: wordsOf(command.name(), option),
        })),
      words: [
        ...command.commands.map((inner) => inner.name()),
        ...command.registeredArguments.flatMap(
          (argument) => argument.argChoices ?? (command.name() === 'describe' ? tasks : []),
        ),
      ],
    })),
    help,
  ]
}

function taking({ required, optional, variadic }: Option): CompletedOption['takes'] {
  if (variadic) return 'many'
  if (required) return 'one'
  return optional ? 'maybe' : 'none'
}

/** Short enough for a list in a shell. */
function firstSentence(text: string): string {
  return text.split(/[.;(:]/)[0]!.trim()
}
