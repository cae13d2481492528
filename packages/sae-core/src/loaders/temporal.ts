import { InputError } from '@saeval/hub'
import { count, objectOf, oneOf, positive, truth } from '@saeval/hub/checks'
import * as v from 'valibot'
import { parseHookPoint } from '../hook-point.js'
import { plainConfig } from '../sae-config.js'
import { openSafetensors } from '../tensors/safetensors-file.js'
import { readConfig } from './config-file.js'
import type { AttentionArrays, AttentionPart, Loader } from './loader.js'
import { layerOf } from './paths.js'
import { StoredTensors } from './stored-tensors.js'

const schema = objectOf({
  sae: objectOf({
    tied_weights: v.nullish(truth, true),
    n_attn_layers: count,
    scaling_factor: positive,
    sae_diff_type: oneOf(['relu', 'topk']),
    n_heads: count,
    bottleneck_factor: count,
    kval_topk: v.nullish(count, null),
  }),
})

/** Temporal SAEs: conf.yaml and latest_ckpt.safetensors with the decoder D, the bias b, an encoder E unless tied, and attention layers. */
export const loadTemporal: Loader = async ({ path, overrides, model }, place) => {
  const { file, fields } = await readConfig(place, `${path}/conf.yaml`, schema)
  const { tied_weights: tiedWeights, n_attn_layers: nLayers, ...sae } = fields.sae

  const source = await place.open(`${path}/latest_ckpt.safetensors`)
  const tensors = new StoredTensors(await openSafetensors(source), 'a temporal SAE')
  const arrays = {
    wDec: tensors.array('D'),
    wEnc: tiedWeights ? tensors.transposed('D') : tensors.array('E'),
    bDec: tensors.array('b'),
    attention: attentionLayers(tensors, nLayers),
  }
  // a tied SAE may keep the encoder that it does not use
  if (tiedWeights && tensors.has('E')) tensors.place('E')
  tensors.refuseOthers()
  const [dSae = 0, dIn = 0] = arrays.wDec.shape
  const named = overrides.hook_name
  const hookPoint = typeof named === 'string' ? named : `blocks.${layerOf(path, /layer_(\d+)/)}.hook_resid_post`
  const config = plainConfig({
    architecture: 'temporal',
    dIn,
    dSae,
    hookPoint: parseHookPoint(hookPoint).name,
    modelName: typeof overrides.model_name === 'string' ? overrides.model_name : model,
    applyBDecToInput: true,
    inputScale: sae.scaling_factor,
    temporal: temporalConfig(file, dSae, {
      nHeads: sae.n_heads,
      bottleneckFactor: sae.bottleneck_factor,
      diffType: sae.sae_diff_type,
      kvalTopk: sae.sae_diff_type === 'topk' ? sae.kval_topk : null,
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
  const layers: AttentionArrays[] = []
  // one after the other: a file that claims billions ends at the first that is missing
  while (layers.length < count) {
    const linear = (part: AttentionPart) => {
      const name = `attn_layers.${layers.length}.${partNames[part]}`
      return { weight: tensors.array(`${name}.weight`), bias: tensors.array(`${name}.bias`) }
    }
    layers.push({ query: linear('query'), key: linear('key'), value: linear('value'), output: linear('output') })
  }
  return layers
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
