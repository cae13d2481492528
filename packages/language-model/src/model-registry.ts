import { type HubOptions, InputError } from '@saeval/hub'
import { checkModel } from './check-model.js'
import type { LanguageModel } from './language-model.js'

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

/** What every model factory is given by the command line, besides its own arguments. */
export interface ModelContext {
  /** `--batch_size` as typed: a number, "auto" or "auto:N". */
  readonly batchSize: string
  /** `--max_batch_size`: most rows of a forward pass with "auto"; null leaves it to the model. */
  readonly maxBatchSize?: number | null
  /** `--device` as typed: "cpu", "cuda:0", ... or null for the default. */
  readonly device: string | null
  /** One line for the user, shown once (stderr); a warning where something may be otherwise than it was meant. */
  readonly notice: (line: string, importance?: 'warning') => void
  /** Whether weights that are not in the cache stay where they are (--dry_run): the model will be asked only what work requests are. */
  readonly withoutDownload?: boolean
  /** How files of the Hugging Face Hub are to be fetched: progress, and the signal of Ctrl-C. */
  readonly hub: HubOptions
}

/** Builds a model from `--model_args`; throws InputError for arguments it does not know or cannot use. */
export type ModelFactory = (args: ModelArguments, context: ModelContext) => Promise<LanguageModel>

const factories = new Map<string, ModelFactory>()

/** Makes `--model name` known. Registering a name twice, or something that is no function, is a programming error. */
export function registerModel(name: string, factory: ModelFactory): void {
  if (factories.has(name)) throw new Error(`model "${name}" is registered already`)
  if (typeof factory !== 'function') throw new Error(`model "${name}" has no factory: registerModel takes a function`)
  factories.set(name, factory)
}

/**
 * The factory of a registered model; throws InputError naming the models there are. What the factory makes is checked (checkModel).
 */
export function getModelFactory(name: string): ModelFactory {
  const factory = factories.get(name)
  if (factory) {
    return async (args, context) => {
      const model: unknown = await factory(args, context)
      checkModel(model, `model "${name}"`)
      return model
    }
  }
  throw new InputError(`unknown model "${name}"; registered models: ${registeredModels().join(', ')}`)
}

/** Names of all registered models, sorted. */
export function registeredModels(): string[] {
  return [...factories.keys()].sort()
}
