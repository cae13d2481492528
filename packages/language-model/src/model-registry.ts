import { type HubOptions, InputError, type Notice } from '@saeval/hub'
import { checkModel } from './check-model.js'
import type { LanguageModel } from './language-model.js'
import type { ArgumentKinds, ModelArguments } from './model-arguments.js'

/** Where a model computes. */
export interface DeviceChoice {
  /** `--device` as typed: "cpu", "cuda:0", ...; null, the default, for the best there is. */
  readonly device?: string | null
  /** `--gpu_memory`: memory of the device that the model may take, a share up to 1 or bytes; null, the default, for what is free. */
  readonly gpuMemory?: number | null
}

/** The choice that an object holds among other things. */
export function deviceChoice({ device = null, gpuMemory = null }: DeviceChoice): Required<DeviceChoice> {
  return { device, gpuMemory }
}

/** What every model factory is given by the command line, besides its own arguments. */
export interface ModelContext extends DeviceChoice {
  /** `--batch_size` as typed: a number, "auto" or "auto:N". */
  readonly batchSize: string
  /** `--max_batch_size`: most rows of a forward pass with "auto"; null leaves it to the model. */
  readonly maxBatchSize?: number | null
  readonly device: string | null
  /** One line for the user, shown once (stderr); a warning where something may be otherwise than it was meant. */
  readonly notice: Notice
  /** Whether weights that are not in the cache stay where they are (--dry_run): the model will be asked only what work requests are. */
  readonly withoutDownload?: boolean
  /** Whether the CPU may stand in for a named device that is not here: the model will be asked what identifies it and what work requests are. */
  readonly standIn?: boolean
  /** Numbers that edits measure on the unsteered model (coefficients in its units): those that are there are taken, others are put there. */
  readonly measured?: MeasuredNumbers
  /** How files of the Hugging Face Hub are to be fetched: progress, and the signal of Ctrl-C. */
  readonly hub: HubOptions
}

/** Numbers that were measured on an unsteered model, by what they are of. */
export type MeasuredNumbers = Map<string, readonly number[]>

/** Builds a model from `--model_args`; throws InputError for arguments it does not know or cannot use. */
export type ModelFactory = (args: ModelArguments, context: ModelContext) => Promise<LanguageModel>

/** What is known of a model before it is opened. */
export interface RegisterModelOptions {
  /**
   * The names that the factory takes in --model_args, and what each takes: for completion, and for `backend=name` of steered models. Without it any
   * names are handed on.
   */
  readonly arguments?: ArgumentKinds
}

interface RegisteredModel extends RegisterModelOptions {
  readonly factory: ModelFactory
}

const models = new Map<string, RegisteredModel>()

/**
 * Makes `--model name` known. A backend that is to be steered too (`backend=name` in --model_args) takes `pretrained` and gives a SteerableModel.
 * Registering a name twice, or something that is no function, is a programming error.
 */
export function registerModel(name: string, factory: ModelFactory, options: RegisterModelOptions = {}): void {
  if (models.has(name)) throw new Error(`model "${name}" is registered already`)
  if (typeof factory !== 'function') throw new Error(`model "${name}" has no factory: registerModel takes a function`)
  models.set(name, { factory, ...options })
}

/**
 * The factory of a registered model; throws InputError naming the models there are. What the factory makes is checked (checkModel).
 */
export function getModelFactory(name: string): ModelFactory {
  const { factory } = find(name)
  return async (args, context) => {
    const model: unknown = await factory(args, context)
    checkModel(model, `model "${name}"`)
    return model
  }
}

/** What a registered model takes in --model_args; null where it does not say. Throws InputError naming the models there are. */
export function modelArgumentKinds(name: string): ArgumentKinds | null {
  return find(name).arguments ?? null
}

/** Names of all registered models, sorted. */
export function registeredModels(): string[] {
  return [...models.keys()].sort()
}

function find(name: string): RegisteredModel {
  const found = models.get(name)
  if (found) return found
  throw new InputError(`unknown model "${name}"; registered models: ${registeredModels().join(', ')}`)
}
