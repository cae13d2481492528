import { parseHookPoint } from '../hook-point.js'
import { plainConfig } from '../sae-config.js'
import { openSafetensors } from '../tensors/safetensors-file.js'
import { type Fields, jsonFields } from './fields.js'
import { foldFactor } from './fold-factor.js'
import { linearWeights } from './linear-layers.js'
import type { LoadedSae, Loader, SaeArrays } from './loader.js'
import { filled, mapped } from './sae-array.js'
import { StoredTensors } from './stored-tensors.js'

/** Both releases name this one, also where the registry says DeepSeek-R1-Distill. */
const modelName = 'meta-llama/Llama-3.1-8B'

/** Llama Scope: jumprelu with one threshold for all latents, given in units of normalised activations. */
export const loadLlamaScope: Loader = async (reference, place) => {
  const path = `${reference.path}/hyperparams.json`
  const fields = jsonFields(`${place.name}/${path}`, await place.text(path))
  const tensors = new StoredTensors(
    await openSafetensors(await place.open(`${reference.path}/checkpoints/final.safetensors`)),
    'a Llama Scope SAE',
  )
  const arrays = readLinear(tensors)
  tensors.refuseOthers()
  const [dIn = 0, dSae = 0] = arrays.wEnc.shape
  const norm = fields.fields('dataset_average_activation_norm').number('in')
  const threshold = filled(dSae, (fields.number('jump_relu_threshold') * Math.sqrt(dIn)) / norm)
  return jumprelu(fields, { ...arrays, threshold }, reference.normScalingFactor)
}

/** Llama Scope for DeepSeek-R1-Distill: a threshold for each latent, stored as its logarithm. */
export const loadLlamaScopeR1Distill: Loader = async (reference, place) => {
  const path = `${reference.path}/config.json`
  const fields = jsonFields(`${place.name}/${path}`, await place.text(path))
  const tensors = new StoredTensors(
    await openSafetensors(await place.open(`${reference.path}/sae_weights.safetensors`)),
    'a Llama Scope SAE',
  )
  const arrays = readLinear(tensors)
  const threshold = mapped(tensors.array('log_jumprelu_threshold'), Math.exp)
  tensors.refuseOthers()
  return jumprelu(fields, { ...arrays, threshold }, reference.normScalingFactor)
}

function readLinear(tensors: StoredTensors) {
  return {
    ...linearWeights(tensors),
    bEnc: tensors.array('encoder.bias'),
    bDec: tensors.array('decoder.bias'),
  }
}

function jumprelu(fields: Fields, arrays: SaeArrays, factor: number | null): LoadedSae {
  const [dIn = 0, dSae = 0] = arrays.wEnc.shape
  const config = plainConfig({
    architecture: 'jumprelu',
    dIn,
    dSae,
    hookPoint: parseHookPoint(fields.string('hook_point_in')).name,
    modelName,
    foldedFactor: factor ?? 1,
  })
  return { config, arrays: foldFactor(arrays, config.foldedFactor) }
}
