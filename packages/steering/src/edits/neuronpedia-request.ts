import { InputError } from '@saeval/hub'
import { checked, isObject, number, objectOf, oneOf, refuseUnknownNames, truth } from '@saeval/hub/checks'
import type { HookAction } from '@saeval/steering-csv'
import * as v from 'valibot'

/** Neuronpedia's methods of steering. */
export const steerMethods = ['SIMPLE_ADDITIVE', 'ORTHOGONAL_DECOMP', 'PROJECTION_CAP'] as const
/** The action that each method is (interp_engine/steer.py). */
export const actionOfMethod = {
  SIMPLE_ADDITIVE: 'add',
  ORTHOGONAL_DECOMP: 'project_scale',
  PROJECTION_CAP: 'project_cap',
} as const satisfies Readonly<Record<(typeof steerMethods)[number], HookAction>>

const settingFields = {
  strength_multiplier: v.optional(number, 1),
  steer_method: v.optional(oneOf(steerMethods), 'SIMPLE_ADDITIVE'),
  normalize_steering: v.optional(truth, false),
  steer_special_tokens: v.optional(truth, true),
}
const settingsSchema = objectOf(settingFields)
/** How a request steers, all of its features and vectors. */
export type NeuronpediaSettings = v.InferOutput<typeof settingsSchema>

/** What a request says of its prompt and of how text is sampled: nothing to a model that is evaluated. */
const ofSampling = [
  'prompt',
  'model',
  'modelId',
  'types',
  'temperature',
  'n_tokens',
  'n_completion_tokens',
  'freq_penalty',
  'seed',
  'stream',
  'n_logprobs',
  'defaultChatMessages',
  'steeredChatMessages',
  'isAssistantAxis',
]
const holders = ['features', 'neurons', 'vectors', 'vector', 'settings']
const known = [...Object.keys(settingFields), ...ofSampling, ...holders]

/** The names that the inference server sends (its schemas' to_camel) -> those that it and the website take. */
const camelNames = new Map(
  [...known, 'steering_vector'].flatMap((name) => {
    const camel = name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
    return camel === name ? [] : [[camel, name] as const]
  }),
)

/** A request of Neuronpedia's steering, or a saved one, its fields by their names in Python. */
export interface NeuronpediaRequest {
  readonly fields: Readonly<Record<string, unknown>>
  readonly settings: NeuronpediaSettings
  /** Fields that mean nothing here. */
  readonly ignored: readonly string[]
}

/** Reads the fields of a request. Throws InputError for settings that are none, and for fields that a request does not have: they would change how it steers. */
export function neuronpediaRequest(path: string, content: Readonly<Record<string, unknown>>): NeuronpediaRequest {
  const fields = pythonNames(path, content)
  const isSaved = isObject(fields.settings)
  const said = isSaved ? pythonNames(`${path}: settings`, fields.settings as object) : fields
  // what a saved one, a list or a vector of the website has besides is its own
  if (isSaved) refuseUnknownNames(`${path}: settings has no field`, said, known)
  else if (fields.neurons === undefined && fields.vector === undefined)
    refuseUnknownNames(`${path}: a request of Neuronpedia has no field`, fields, known)
  const items = (name: string) => {
    const list = fields[name]
    return Array.isArray(list)
      ? {
          [name]: list.map((item: unknown, at) =>
            isObject(item) ? pythonNames(`${path}: ${name}[${at}]`, item) : item,
          ),
        }
      : {}
  }
  return {
    fields: { ...fields, ...items('features'), ...items('vectors') },
    settings: checked(path, settingsSchema, said),
    ignored: ofSampling.filter((name) => name in fields),
  }
}

function pythonNames(place: string, given: object): Readonly<Record<string, unknown>> {
  const named = Object.entries(given).map(([name, value]) => [camelNames.get(name) ?? name, value] as const)
  const twice = named.find(([name], at) => named.findIndex(([other]) => other === name) !== at)
  if (twice !== undefined) throw new InputError(`${place} has ${twice[0]} twice, in two spellings`)
  return Object.fromEntries(named)
}
