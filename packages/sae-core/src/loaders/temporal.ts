import { InputError } from '@saeval/hub'
import { parseHookPoint } from '../hook-point.js'
import { plainConfig } from '../sae-config.js'
import { openSafetensors } from '../tensors/safetensors-file.js'
import { transposed } from '../tensors/tensor-place.js'
import { yamlFields } from './fields.js'
import type { AttentionArrays, AttentionPart, Loader } from './loader.js'
import { layerOf } from './paths.js'
import { stored } from './sae-array.js'
import { StoredTensors } from './stored-tensors.js'

/** Temporal SAEs: conf.yaml and latest_ckpt.safetensors with the decoder D, the bias b, an encoder E unless tied, and attention layers. */
export const loadTemporal: Loader = async ({ path, overrides, model }, place) => {
  const configPath = `${path}/conf.yaml`
  const sae = yamlFields(`${place.name}/${configPath}`, await place.text(configPath)).fields('sae')
  const tiedWeights = sae.boolean('tied_weights', true)
  const nLayers = sae.count('n_attn_layers')

  const source = await place.open(`${path}/latest_ckpt.safetensors`)
  const tensors = new StoredTensors(await openSafetensors(source), 'a temporal SAE')
  const arrays = {
    wDec: tensors.array('D'),
    wEnc: tiedWeights ? stored(transposed(tensors.place('D'))) : tensors.array('E'),
    bDec: tensors.array('b'),
    attention: attentionLayers(tensors, nLayers),
  }
  // a tied SAE may keep the encoder that it does not use
  if (tiedWeights && tensors.has('E')) tensors.place('E')
  tensors.refuseOthers()
  const [dSae = 0, dIn = 0] = arrays.wDec.shape
  const named = overrides.hook_name
  const hookPoint = typeof named === 'string' ? named : `blocks.${layerOf(path, /layer_(\d+)/)}.hook_resid_post`
  const scale = sae.number('scaling_factor')
  if (!(scale > 0)) throw new InputError(`${sae.file}: sae.scaling_factor is ${scale}, expected a positive number`)
  const diffType = sae.oneOf('sae_diff_type', ['relu', 'topk'] as const)
  const config = plainConfig({
    architecture: 'temporal',
    dIn,
    dSae,
    hookPoint: parseHookPoint(hookPoint).name,
    modelName: typeof overrides.model_name === 'string' ? overrides.model_name : model,
    applyBDecToInput: true,
    inputScale: scale,
    temporal: temporalConfig(sae.file, dSae, {
      nHeads: sae.count('n_heads'),
      bottleneckFactor: sae.count('bottleneck_factor'),
      diffType,
      kvalTopk: diffType === 'topk' && sae.values.kval_topk != null ? sae.count('kval_topk') : null,
      tiedWeights,
    }),
  })
  return { config, arrays }
}

const partNames: Readonly<Record<AttentionPart, string>> = {
  query: 'q_target',
  key: 'k_ctx',
  value: 'v_ctx',
  output: 'c_proj',
}

/** The attention layers under the names that SAELens keeps. */
export function attentionLayers(tensors: StoredTensors, count: number): AttentionArrays[] {
  return Array.from({ length: count }, (_, layer) => {
    const linear = (part: AttentionPart) => {
      const name = `attn_layers.${layer}.${partNames[part]}`
      return { weight: tensors.array(`${name}.weight`), bias: tensors.array(`${name}.bias`) }
    }
    return { query: linear('query'), key: linear('key'), value: linear('value'), output: linear('output') }
  })
}

/** Throws InputError where the latents cannot be shared out evenly. */
export function temporalConfig<Config extends { nHeads: number; bottleneckFactor: number }>(
  file: string,
  dSae: number,
  config: Config,
): Config {
  if (dSae % (config.nHeads * config.bottleneckFactor) === 0) return config
  throw new InputError(
    `${file}: ${dSae} latents cannot be divided by ${config.nHeads} heads times ${config.bottleneckFactor}`,
  )
}
