import { InputError } from '@saeval/hub'
import { objectOf, text } from '@saeval/hub/checks'
import * as v from 'valibot'
import { parseHookPoint } from '../hook-point.js'
import { plainConfig } from '../sae-config.js'
import { openSafetensors } from '../tensors/safetensors-file.js'
import { readConfigIfPresent } from './config-file.js'
import type { Loader } from './loader.js'
import { layerOf } from './paths.js'
import { StoredTensors } from './stored-tensors.js'

const schema = objectOf({
  feature_input_hook: v.nullish(text, 'mlp.hook_in'),
  feature_output_hook: v.nullish(text, 'hook_mlp_out'),
  model_name: v.nullish(text),
})

/** Hanna's transcoders of Qwen 3: layer_N.safetensors; model and hook points in the repository's config.yaml, where there is one. */
export const loadMwhannaTranscoder: Loader = async ({ path }, place) => {
  const layer = layerOf(path, /layer_(\d+)\.safetensors$/)
  const { fields } = (await readConfigIfPresent(place, 'config.yaml', schema)) ?? { fields: v.parse(schema, {}) }
  const hookPoint = (name: string) => parseHookPoint(`blocks.${layer}.${name}`).name

  const tensors = new StoredTensors(await openSafetensors(await place.open(path)), 'a transcoder')
  const arrays = { ...tensors.plain(), wEnc: tensors.transposed('W_enc') }
  tensors.refuseOthers()
  const [dIn = 0, dSae = 0] = arrays.wEnc.shape
  const config = plainConfig({
    architecture: 'transcoder',
    dIn,
    dOut: arrays.wDec.shape[1] ?? 0,
    dSae,
    hookPoint: hookPoint(fields.feature_input_hook),
    hookPointOut: hookPoint(fields.feature_output_hook),
    modelName: fields.model_name ?? modelOf(place.name),
  })
  return { config, arrays }
}

/** "mwhanna/qwen3-14b-transcoders" is of Qwen/Qwen3-14B. */
function modelOf(repository: string): string {
  const size = /qwen3-([\d.]+)b-transcoders/.exec(repository)?.[1]
  if (size === undefined) throw new InputError(`${repository} does not say which model its transcoders were made for`)
  return `Qwen/Qwen3-${size}B`
}
