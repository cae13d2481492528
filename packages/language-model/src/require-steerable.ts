import { InputError } from '@saeval/hub'
import { isObject } from '@saeval/hub/checks'
import type { LanguageModel } from './language-model.js'
import type { SteerableModel } from './steerable-model.js'

const is = (type: string) => (value: unknown) => typeof value === type

/** What every SteerableModel has beside what every LanguageModel has. */
const members: Readonly<Record<string, (value: unknown) => boolean>> = {
  tokenizer: (value) =>
    isObject(value) &&
    ['encode', 'decode', 'settled'].every((name) => is('function')(value[name])) &&
    isObject(value.specialIds) &&
    is('function')(value.specialIds.has),
  family: is('string'),
  hookPoints: Array.isArray,
  widthOf: is('function'),
  dHead: (value) => typeof value === 'number' || typeof value === 'function',
  interventions: Array.isArray,
  steer: is('function'),
  scoreTokens: is('function'),
  lastLogits: is('function'),
  captureActivations: is('function'),
}

/**
 * A model as a SteerableModel; `name` is how messages call it. Throws InputError with one sentence that names all it lacks.
 */
export function requireSteerable(model: LanguageModel, name: string): SteerableModel {
  const lacking = lackingOf(model)
  if (lacking.length === 0) return model as SteerableModel
  throw new InputError(`${name} cannot be steered: it lacks ${lacking.join(', ')} of SteerableModel`)
}

/** Whether a model has all that a SteerableModel has. */
export function isSteerable(model: LanguageModel): model is SteerableModel {
  return lackingOf(model).length === 0
}

function lackingOf(model: LanguageModel): string[] {
  const given = model as unknown as Readonly<Record<string, unknown>>
  return Object.entries(members).flatMap(([member, holds]) => (holds(given[member]) ? [] : [member]))
}
