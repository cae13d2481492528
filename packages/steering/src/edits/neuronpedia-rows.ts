import { InputError, option, type Sentence, sentence } from '@saeval/hub'
import { checked, isObject, number, text } from '@saeval/hub/checks'
import { findNeuronpedia } from '@saeval/sae-core'
import type { SaeSteeredRow } from '@saeval/steering-csv'
import * as v from 'valibot'
import { actionOfMethod, neuronpediaRequest } from './neuronpedia-request.js'
import { located } from './place-in-file.js'

const featureSchema = v.object({
  modelId: v.optional(text),
  model: v.optional(text),
  layer: v.optional(text),
  source: v.optional(text),
  index: v.union([v.number(), text], 'a whole number from 0'),
  strength: v.optional(number),
  description: v.nullish(text),
  explanation: v.nullish(text),
})
/**
 * The rows that a steering request of Neuronpedia, or a list of features with strengths, is: of the action that steer_method is, with the coefficient
 * strength * strength_multiplier. Throws InputError that names the line, and for what rows cannot hold: sums of normalised rows, special tokens left out.
 */
export function neuronpediaRows(path: string, bytes: Uint8Array): readonly SaeSteeredRow[] {
  const content = new TextDecoder().decode(bytes)
  const file = parsed(path, content)
  const { fields, settings } = neuronpediaRequest(path, isObject(file) ? file : { neurons: file })
  const features = fields.features ?? fields.neurons
  if (!Array.isArray(features) || features.length === 0)
    throw new InputError(`${path} has no features, as Neuronpedia's steering requests and lists have`)
  const cannot = (what: string): Sentence =>
    sentence`${path}: rows cannot hold ${what}; run it with ${option('model')} steered ${option('modelArgs')} pretrained=…,steer_path=${path}`
  const action = actionOfMethod[settings.steer_method]
  // the other actions take the row's direction alone
  if (settings.normalize_steering && action === 'add') throw new InputError(cannot('normalize_steering'))
  if (!settings.steer_special_tokens)
    throw new InputError(cannot('steer_special_tokens=false, which is about the prompt alone'))
  const lines = content.split('\n').flatMap((line, at) => [...line.matchAll(/"index"\s*:/g)].map(() => at + 1))
  return features.map((item: unknown, at) => ({
    ...rowOf(path, lines[at] ?? 1, item, settings.strength_multiplier),
    hook_action: action,
  }))
}

function parsed(path: string, content: string): unknown {
  try {
    return JSON.parse(content)
  } catch (cause) {
    throw new InputError(`${path} is not valid JSON`, { cause })
  }
}

function rowOf(path: string, line: number, item: unknown, multiplier: number): SaeSteeredRow {
  const place = { path, line }
  const wrong = (message: string) => located(place, null, message)
  const read = checked(`${path}:${line}`, featureSchema, item)
  const [model, layer] = [read.modelId ?? read.model, read.layer ?? read.source]
  if (model === undefined || layer === undefined) throw wrong('a feature needs modelId, layer and index')
  if (read.strength === undefined)
    throw wrong('the feature has no strength; a list of features needs one in each: "strength": 10')
  const { sae, latent } = atFeature(place, `${model}/${layer}/${read.index}`)
  return {
    line,
    latent_idx: latent,
    steering_coefficient: read.strength * multiplier,
    sae_release: sae.release,
    sae_id: sae.id,
    hook_action: 'add',
    description: read.description ?? read.explanation ?? null,
    clamp_value: null,
    refuse_id: null,
    extra: {},
  }
}

function atFeature(place: { readonly path: string; readonly line: number }, reference: string) {
  try {
    return findNeuronpedia(reference)
  } catch (cause) {
    if (InputError.isInstance(cause)) throw located(place, null, cause, cause)
    throw cause
  }
}
