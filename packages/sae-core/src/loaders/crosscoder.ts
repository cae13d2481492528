import { InputError } from '@saeval/hub'
import { count, index, object, objectOf, text } from '@saeval/hub/checks'
import * as v from 'valibot'
import { parseHookPoint } from '../hook-point.js'
import { type CrosscoderPlace, crosscoderConfigs, crosscoderPlaces } from '../registry/crosscoder-place.js'
import { openSafetensors } from '../tensors/safetensors-file.js'
import type { TensorFile } from '../tensors/tensor-place.js'
import { openTorchStateDict } from '../torch/torch-file.js'
import { type ConfigFile, parseConfig, readConfig } from './config-file.js'
import { crosscoderSae } from './crosscoder-sae.js'
import type { LoadedSae, Loader } from './loader.js'
import { checkRising, inFolder } from './paths.js'
import { partsOfMiddle } from './sae-array.js'
import type { SaePlace } from './sae-place.js'
import { StoredTensors } from './stored-tensors.js'

const cfg = objectOf({
  dict_size: count,
  enc_dtype: text,
  model_name: v.nullish(text, null),
  site: v.nullish(text, null),
  hook_point: v.nullish(text, null),
})
const hub = objectOf({ activation_dim: count, dict_size: count, num_layers: count })
const trainerClasses = ['CrossCoder', 'BatchTopKCrossCoder'] as const
const trainer = objectOf({
  trainer: objectOf({ dict_class: v.picklist(trainerClasses), layer: index, submodule_name: v.nullish(text, null) }),
})

/** By what training multiplied activations, which stands in the code or notes of the authors and in no file; by repository and weights. */
const publishedScales: Readonly<Record<string, (parts: number) => readonly number[]>> = {
  // the authors' notebook: base and chat
  'ckkissane/crosscoder-gemma-2-2b-model-diff/blocks.14.hook_resid_pre/cc_weights.pt': () => [
    0.2758961493232058, 0.24422852496546169,
  ],
  // scratch_2.py of neelnanda-io/Crosscoders folds the factors into this file, not into those of its versions
  'NeelNanda/crosscoders-gpt2-small/lambda_2_64k.pt': (parts) => Array<number>(parts).fill(1),
}

/** Finds a crosscoder's configuration: what it holds and the way to read the id that leads to it. null where there is none. */
export async function crosscoderAt(place: SaePlace, id: string): Promise<Loader | null> {
  for (const way of crosscoderPlaces(id)) {
    for (const path of crosscoderConfigs(way.path)) {
      const written = await place.textIfPresent(path)
      if (written === null) continue
      const { fields } = parseConfig(`${place.name}/${path}`, written, object)
      if (Object.hasOwn(fields, 'dict_size') && Object.hasOwn(fields, 'enc_dtype'))
        return () => loadStateDict(place, path, way)
      if (Object.hasOwn(fields, 'num_layers') && Object.hasOwn(fields, 'dict_size'))
        return () => loadFromHub(place, path, way)
      if (fields.type === 'crosscoder' || fields.type === 'clt')
        throw new InputError(
          `${place.name}/${path} is of several layers; end sae_id with the file of one, such as ${inFolder(way.path, 'params_layer_0')}`,
        )
      if (v.is(trainer, fields)) return () => loadTrained(place, path, way)
      // the configuration of another SAE
      if (path === inFolder(way.path, 'cfg.json')) return null
    }
  }
  return null
}

/** Crosscoders of Neel Nanda's code (layers of a model) and Connor Kissane's (two models): a state dict with W_enc [n, d_in, d_sae], W_dec [d_sae, n, d_in]. */
async function loadStateDict(place: SaePlace, path: string, way: CrosscoderPlace): Promise<LoadedSae> {
  const { file, fields } = await readConfig(place, path, cfg)
  const weights = path.endsWith('_cfg.json') ? `${way.path}.pt` : inFolder(way.path, 'cc_weights.pt')
  const tensors = new StoredTensors(await openTorchStateDict(await place.open(weights)), 'a crosscoder')
  const decoders = partsOfMiddle(tensors.matrices('W_dec'))
  const { hook_point: single, site } = fields
  // all layers of a model, if there are not as few as there are models to compare
  const all = site === null || decoders.length < 3 ? null : decoders.map((_, at) => `blocks.${at}.hook_${site}`)
  const key = `${place.name}/${weights}`
  const parts = {
    file,
    encoders: tensors.parts('W_enc'),
    decoders,
    biases: tensors.parts('b_dec'),
    bEnc: tensors.array('b_enc'),
    hookPoints: hookPointsOf(file, single === null ? (way.hookPoints ?? all) : [single], way),
    side: way.side,
    scales: Object.hasOwn(publishedScales, key) ? publishedScales[key]!(decoders.length) : null,
    // of two models the first one's name stands there
    modelName: way.side === 'chat' ? null : fields.model_name,
  }
  tensors.refuseOthers()
  return crosscoderSae(parts)
}

/** CrossCoder and BatchTopKCrossCoder of science-of-finetuning's dictionary_learning, as push_to_hub writes them. */
async function loadFromHub(place: SaePlace, path: string, way: CrosscoderPlace): Promise<LoadedSae> {
  const config = await readConfig(place, path, hub)
  const weights = await openSafetensors(await place.open(inFolder(way.path, 'model.safetensors')))
  return dictionaryCrosscoder(config, weights, null, way)
}

/** The same as their trainer writes them. */
async function loadTrained(place: SaePlace, path: string, way: CrosscoderPlace): Promise<LoadedSae> {
  const config = await readConfig(place, path, trainer)
  const weights = await openTorchStateDict(await place.open(inFolder(way.path, 'model_final.pt')))
  const { layer, submodule_name: name } = config.fields.trainer
  // the activations of another module are no residual stream
  const isOutput = name === null || name === `layer_${layer}_out`
  return dictionaryCrosscoder(config, uncompiled(weights), isOutput ? `blocks.${layer}.hook_resid_post` : null, way)
}

/** torch.compile puts a word before the names of a state dict. */
function uncompiled({ name, tensors }: TensorFile): TensorFile {
  return { name, tensors: new Map([...tensors].map(([key, tensor]) => [key.replace(/^_orig_mod\./, ''), tensor])) }
}

/**
 * encoder.weight [n, d_in, d_sae], decoder.weight [n, d_sae, d_in]. What training did to activations is undone in decode: divided by
 * activation_global_scale + 1e-8, where mean and deviation are numbers.
 */
async function dictionaryCrosscoder(
  { file }: Pick<ConfigFile<unknown>, 'file'>,
  weights: TensorFile,
  single: string | null,
  way: CrosscoderPlace,
): Promise<LoadedSae> {
  const tensors = new StoredTensors(weights, 'a crosscoder')
  const decoders = tensors.parts('decoder.weight')
  const numbers = async (name: string) => (tensors.has(name) ? await tensors.array(name).all() : null)
  const moments = [await numbers('activation_mean'), await numbers('activation_std')]
  const isScaled = moments.every((values) => values !== null && !values.some(Number.isNaN))
  const scale = isScaled ? [...(await tensors.array('activation_global_scale').all())] : []
  if (!isScaled && tensors.has('activation_global_scale')) tensors.place('activation_global_scale')
  if (!scale.every((value) => value > 0 && Number.isFinite(value)))
    throw new InputError(`${weights.name}: activation_global_scale is ${scale.join(', ')}, expected positive numbers`)
  const parts = {
    file,
    encoders: tensors.parts('encoder.weight'),
    decoders,
    biases: tensors.parts('decoder.bias'),
    bEnc: tensors.array('encoder.bias'),
    hookPoints: hookPointsOf(file, single === null ? null : [single], way),
    side: way.side,
    scales: isScaled ? scale.map((value) => value + 1e-8) : decoders.map(() => 1),
    modelName: null,
  }
  // they decide when a latent is active, and about training
  for (const name of ['code_normalization_id', 'k', 'threshold', 'target_rms'])
    if (tensors.has(name)) tensors.place(name)
  tensors.refuseOthers()
  return crosscoderSae(parts)
}

/** Those of the files, else those that the id names; both must agree. */
function hookPointsOf(file: string, written: readonly string[] | null, { hookPoints }: CrosscoderPlace): string[] {
  const found = hookPoints ?? written
  if (found === null)
    throw new InputError(
      `${file} does not say what the crosscoder reads; put the hook point at the end of sae_id, such as blocks.13.hook_resid_post/chat, or blocks.0_1_2.hook_resid_post for three layers`,
    )
  if (hookPoints !== null && written !== null && hookPoints.join() !== written.join())
    throw new InputError(`${file}: it was made at ${written.join(', ')}, but sae_id names ${hookPoints.join(', ')}`)
  checkRising(
    file,
    found.map((name) => parseHookPoint(name).layer ?? 0),
  )
  return found.map((name) => parseHookPoint(name).name)
}
