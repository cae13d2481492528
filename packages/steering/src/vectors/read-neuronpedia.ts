import { createHash } from 'node:crypto'
import { InputError } from '@saeval/hub'
import { checked, index, isObject, number, objectOf, shown, text } from '@saeval/hub/checks'
import { findNeuronpedia, openSae, type PositionSelection, type SaeFile } from '@saeval/sae-core'
import { lengthOf } from '@saeval/sae-core/internal/edits/stage-slots'
import * as v from 'valibot'
import { actionOfMethod, type NeuronpediaSettings, neuronpediaRequest } from '../edits/neuronpedia-request.js'
import { requireOnePlace, severalPlaces } from '../edits/one-place.js'
import { checkModel } from '../edits/open-edits.js'
import { atRow, located, type RowPlace } from '../edits/place-in-file.js'
import { decoderRowsOf } from './decoder-rows.js'
import { addition, type ReadVectorsOptions, type SteeredEntry, type SteeredFile } from './steered-entry.js'

/** An index as a number, or as the text that Neuronpedia's database has. */
const anyIndex = v.pipe(
  v.union([index, v.pipe(text, v.regex(/^\d{1,15}$/))], 'a whole number from 0'),
  v.transform(Number),
)
const featureSchema = v.object({
  modelId: v.optional(text),
  model: v.optional(text),
  layer: v.optional(text),
  source: v.optional(text),
  index: anyIndex,
  strength: number,
})
const numbers = v.array(number, 'a list of numbers')
const vectorSchema = objectOf({ steering_vector: numbers, strength: number, hook: text })
const ownVectorSchema = objectOf({ hookName: text, vector: numbers, vectorDefaultSteerStrength: v.nullish(number) })

/** Whether the content of a JSON file is what Neuronpedia's steering takes, has saved, or has for a vector. */
export function isNeuronpediaFile(value: unknown): boolean {
  if (!isObject(value)) return false
  const { features, vectors, vector } = value
  const isVectors = isList(vectors, 'steering_vector') || isList(vectors, 'steeringVector')
  return isList(features, 'index') || isVectors || (isObject(vector) && 'hookName' in vector)
}

function isList(value: unknown, field: string): boolean {
  return Array.isArray(value) && value.every((item) => isObject(item) && field in item)
}

/**
 * Reads a request of Neuronpedia's steering (/api/steer, /api/steer-chat, and of its inference server), what /api/steer-load gives of a saved one, or a
 * vector of /api/vector/get. With c = strength * strength_multiplier, w the feature's decoder row or the vector (w / |w| with normalize_steering) and
 * u = w / |w|, at the SAE's hook point or `hook`, one after the other (interp_engine/steer.py):
 *
 *     SIMPLE_ADDITIVE    h + c w
 *     ORTHOGONAL_DECOMP  h + (c - 1) (h . u) u
 *     PROJECTION_CAP     h + (min(h . u, c) - h . u) u
 *
 * steer_special_tokens = false leaves the prompt's special tokens out.
 */
export async function readNeuronpedia(
  path: string,
  bytes: Uint8Array,
  content: unknown,
  options: ReadVectorsOptions,
): Promise<SteeredFile> {
  const { fields: file, settings, ignored } = neuronpediaRequest(path, content as Readonly<Record<string, unknown>>)
  const given = file.features ?? file.vectors ?? [file.vector]
  if ((file.features != null) === (file.vectors != null) && file.vector === undefined)
    throw new InputError(`${path} has features and vectors; Neuronpedia takes one of them`)
  const saes = new Map<string, SaeFile>()
  const entries: SteeredEntry[] = []
  try {
    for (const [at, item] of (given as readonly unknown[]).entries()) {
      const place = { path, entry: `${file.features == null ? 'vector' : 'feature'} ${at}` }
      const entry =
        file.features == null ? hookVector(place, item, settings) : await feature(place, item, settings, saes, options)
      entries.push(entry)
    }
  } catch (error) {
    await Promise.all([...saes.values()].map((sae) => sae.close()))
    throw error
  }
  if (entries.length === 0) throw new InputError(`${path} has no features`)
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  return { path, sha256, entries, ignored, notices: [], modelType: null }
}

async function feature(
  place: RowPlace,
  item: unknown,
  settings: NeuronpediaSettings,
  saes: Map<string, SaeFile>,
  options: ReadVectorsOptions,
): Promise<SteeredEntry> {
  const wrong = (message: string) => located(place, null, message)
  const read = checked(`${place.path}, ${place.entry}`, featureSchema, item)
  const [model, layer] = [read.modelId ?? read.model, read.layer ?? read.source]
  if (model === undefined || layer === undefined)
    throw wrong(
      `modelId is ${shown(model)} and layer ${shown(layer)}, expected texts such as "gemma-2-2b" and "20-gemmascope-res-16k"`,
    )
  const reference = `${model}/${layer}/${read.index}`
  const key = `${model}/${layer}`
  const { sae, vector, latent } = await atRow(place, null, async () => {
    const found = findNeuronpedia(reference)
    const open = saes.get(key) ?? (await openSae(found.sae, options.hub))
    saes.set(key, open)
    if (found.latent >= open.config.dSae)
      throw wrong(`index ${found.latent} is out of range: ${key} has 0 to ${open.config.dSae - 1}`)
    requireOnePlace(open, severalPlaces)
    return { sae: open, vector: await open.decoderRow(found.latent), latent: found.latent }
  })
  const { baseName } = options
  if (baseName !== null) checkModel(sae, { ...options, baseName }, (message) => located(place, null, message))
  return entryOf({
    place,
    hookpoint: sae.config.hookPointOut,
    vector,
    strength: read.strength,
    settings,
    sae,
    origin: reference,
    latent,
  })
}

function hookVector(place: RowPlace, item: unknown, settings: NeuronpediaSettings): SteeredEntry {
  const at = `${place.path}, ${place.entry}`
  const isOwn = isObject(item) && 'hookName' in item
  const own = isOwn ? checked(at, ownVectorSchema, item) : null
  const request = own === null ? checked(at, vectorSchema, item) : null
  const hookpoint = own?.hookName ?? request!.hook
  const vector = Float32Array.from(own?.vector ?? request!.steering_vector)
  // a vector that is looked up has the strength of its page
  const strength = own === null ? request!.strength : (own.vectorDefaultSteerStrength ?? 1)
  return entryOf({ place, hookpoint, vector, strength, settings, sae: null, origin: `the vector of ${hookpoint}` })
}

interface Found {
  readonly place: RowPlace
  readonly hookpoint: string
  readonly vector: Float32Array
  readonly strength: number
  readonly settings: NeuronpediaSettings
  readonly sae: SaeFile | null
  readonly origin: string
  /** Of a feature. */
  readonly latent?: number
}

/** Special tokens of the prompt; those that the model writes are steered. */
export const spared: PositionSelection = {
  include: ['all'],
  exclude: [{ heldBy: { include: ['special'], exclude: ['generated'] } }],
}

function entryOf({ place, hookpoint, vector: row, strength, settings, sae, origin, latent }: Found): SteeredEntry {
  const {
    steer_method: method,
    strength_multiplier: multiplier,
    normalize_steering: normalize,
    steer_special_tokens: special,
  } = settings
  const length = lengthOf(row)
  if (length === 0 || !Number.isFinite(length))
    throw located(place, null, 'its vector has no direction: it is zero or not finite')
  const vector = normalize ? row.map((value) => value / length) : row
  const coefficient = strength * multiplier
  return {
    ...addition(place, hookpoint, vector),
    change: { action: actionOfMethod[method], vector, coefficient },
    ...(special ? {} : { positions: spared }),
    origin,
    sae,
    ...(sae === null || latent === undefined || (normalize && method === 'SIMPLE_ADDITIVE')
      ? {}
      : { decoderRows: decoderRowsOf(sae, [{ latent, weight: 1 }]) }),
    record: { hookpoint, action: method, steering_coefficient: coefficient, feature: origin },
  }
}
