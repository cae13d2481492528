import { InputError } from '@saeval/hub'
import { parseHookPoint } from '../hook-point.js'
import { plainConfig } from '../sae-config.js'
import { openSafetensors } from '../tensors/safetensors-file.js'
import { transposed } from '../tensors/tensor-place.js'
import { yamlFields } from './fields.js'
import type { Loader } from './loader.js'
import { layerOf } from './paths.js'
import { stored } from './sae-array.js'
import { StoredTensors } from './stored-tensors.js'

/** Hanna's transcoders of Qwen 3: layer_N.safetensors; model and hook points in the repository's config.yaml, where there is one. */
export const loadMwhannaTranscoder: Loader = async ({ path }, place) => {
  const layer = layerOf(path, /layer_(\d+)\.safetensors$/)
  const text = await place.textIfPresent('config.yaml')
  const fields = text === null ? null : yamlFields(`${place.name}/config.yaml`, text)
  const hookPoint = (name: string, usual: string) =>
    parseHookPoint(`blocks.${layer}.${fields?.string(name, usual) ?? usual}`).name

  const tensors = new StoredTensors(await openSafetensors(await place.open(path)), 'a transcoder')
  const arrays = {
    wEnc: stored(transposed(tensors.place('W_enc'))),
    wDec: tensors.array('W_dec'),
    bEnc: tensors.array('b_enc'),
    bDec: tensors.array('b_dec'),
  }
  tensors.refuseOthers()
  const [dIn = 0, dSae = 0] = arrays.wEnc.shape
  const config = plainConfig({
    architecture: 'transcoder',
    dIn,
    dOut: arrays.wDec.shape[1] ?? 0,
    dSae,
    hookPoint: hookPoint('feature_input_hook', 'mlp.hook_in'),
    hookPointOut: hookPoint('feature_output_hook', 'hook_mlp_out'),
    modelName: fields?.string('model_name', modelOf(place.name)) ?? modelOf(place.name),
  })
  return { config, arrays }
}

/** "mwhanna/qwen3-14b-transcoders" is of Qwen/Qwen3-14B. */
function modelOf(repository: string): string {
  const size = /qwen3-([\d.]+)b-transcoders/.exec(repository)?.[1]
  if (size === undefined) throw new InputError(`${repository} does not say which model its transcoders were made for`)
  return `Qwen/Qwen3-${size}B`
}
