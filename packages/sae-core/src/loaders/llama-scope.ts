import { number, objectOf, text } from '@saeval/hub/checks'
import { parseHookPoint } from '../hook-point.js'
import { plainConfig } from '../sae-config.js'
import { openSafetensors } from '../tensors/safetensors-file.js'
import { readConfig } from './config-file.js'
import { foldFactor } from './fold-factor.js'
import { linearArrays } from './linear-layers.js'
import type { LoadedSae, Loader, SaeArrays } from './loader.js'
import { filled, mapped } from './sae-array.js'
import { StoredTensors } from './stored-tensors.js'

/** Both releases name this one, also where the registry says DeepSeek-R1-Distill. */
const modelName = 'meta-llama/Llama-3.1-8B'

const distilled = { hook_point_in: text }
const schema = objectOf({
  ...distilled,
  jump_relu_threshold: number,
  dataset_average_activation_norm: objectOf({ in: number }),
})

/** Llama Scope: jumprelu with one threshold for all latents, given in units of normalised activations. */
export const loadLlamaScope: Loader = async (reference, place) => {
  const { fields } = await readConfig(place, `${reference.path}/hyperparams.json`, schema)
  const tensors = new StoredTensors(
    await openSafetensors(await place.open(`${reference.path}/checkpoints/final.safetensors`)),
    'a Llama Scope SAE',
  )
  const arrays = linearArrays(tensors)
  tensors.refuseOthers()
  const [dIn = 0, dSae = 0] = arrays.wEnc.shape
  const norm = fields.dataset_average_activation_norm.in
  const threshold = filled(dSae, (fields.jump_relu_threshold * Math.sqrt(dIn)) / norm)
  return jumprelu(fields.hook_point_in, { ...arrays, threshold }, reference.normScalingFactor)
}

/** Llama Scope for DeepSeek-R1-Distill: a threshold for each latent, stored as its logarithm. */
export const loadLlamaScopeR1Distill: Loader = async (reference, place) => {
  const { fields } = await readConfig(place, `${reference.path}/config.json`, objectOf(distilled))
  const tensors = new StoredTensors(
    await openSafetensors(await place.open(`${reference.path}/sae_weights.safetensors`)),
    'a Llama Scope SAE',
  )
  const arrays = linearArrays(tensors)
  const threshold = mapped(tensors.array('log_jumprelu_threshold'), Math.exp)
  tensors.refuseOthers()
  return jumprelu(fields.hook_point_in, { ...arrays, threshold }, reference.normScalingFactor)
}

function jumprelu(hookPoint: string, arrays: SaeArrays, factor: number | null): LoadedSae {
  const [dIn = 0, dSae = 0] = arrays.wEnc.shape
  const config = plainConfig({
    architecture: 'jumprelu',
    dIn,
    dSae,
    hookPoint: parseHookPoint(hookPoint).name,
    modelName,
    foldedFactor: factor ?? 1,
  })
  return { config, arrays: foldFactor(arrays, config.foldedFactor) }
}
