import { InputError, option, sentence } from '@saeval/hub'
import {
  type ArgumentKinds,
  getModelFactory,
  type ModelArguments,
  type ModelContext,
  readArguments,
  requireSteerable,
  type SteerableModel,
} from '@saeval/language-model'
import { modelArgumentKinds } from '@saeval/language-model/internal/model-registry'

/** The backend of steered models where --model_args names none. */
const defaultBackend = 'hf'

/** The arguments of a steered model, in two parts. */
export interface SplitArguments<Own extends ArgumentKinds> {
  /** Those of the steering. */
  readonly own: ReturnType<typeof readArguments<Own>>
  /** The registered model that is steered. */
  readonly backend: string
  /** Those of the backend. */
  readonly rest: ModelArguments
}

/**
 * Splits the arguments of model `name` into its own and those of the backend that it steers, which `backend=…` names. Throws InputError for names that
 * neither takes, and values of another kind.
 */
export function splitArguments<Own extends ArgumentKinds>(
  name: string,
  given: ModelArguments,
  own: Own,
): SplitArguments<Own> {
  const { backend = defaultBackend } = given
  if (typeof backend !== 'string')
    throw new InputError(sentence`${option('modelArgs')}: backend is ${JSON.stringify(backend)}, expected a text`)
  const others = Object.entries(given).filter(([argument]) => !Object.hasOwn(own, argument) && argument !== 'backend')
  const rest = Object.fromEntries(others)
  const mine = Object.fromEntries(Object.entries(given).filter(([argument]) => Object.hasOwn(own, argument)))
  const { pretrained: _, ...kinds } = modelArgumentKinds(backend) ?? {}
  if (modelArgumentKinds(backend) !== null)
    readArguments(name, { ...mine, ...rest }, { ...own, ...kinds, backend: 'string' })
  return { own: readArguments(name, mine, own), backend, rest }
}

/** Opens the model to be steered. Throws InputError for a backend that does not have what steering needs, naming what it lacks. */
export async function openBase(
  pretrained: string,
  { backend, rest }: Pick<SplitArguments<ArgumentKinds>, 'backend' | 'rest'>,
  context: ModelContext,
): Promise<SteerableModel> {
  const model = await getModelFactory(backend)({ pretrained, ...rest }, context)
  try {
    return requireSteerable(model, `model "${backend}"`)
  } catch (error) {
    await model.close()
    throw error
  }
}
