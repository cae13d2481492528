import { InputError } from '@saeval/hub'
import { parseHookPoint } from '../hook-point.js'
import { plainConfig } from '../sae-config.js'
import { openSafetensors } from '../tensors/safetensors-file.js'
import { transposed } from '../tensors/tensor-place.js'
import { yamlFields } from './fields.js'
import type { Loader } from './loader.js'
import { stored, summedOverMiddle } from './sae-array.js'
import { StoredTensors } from './stored-tensors.js'

/**
 * One layer of a cross-layer transcoder, taken as a transcoder: its decoder is the sum of those to all later layers, as SAELens makes it.
 * That is good for activations; what it would write to one layer is not what the transcoder writes to each.
 */
export const loadMntssTranscoder: Loader = async ({ path: layer }, place) => {
  if (!/^\d+$/.test(layer)) throw new InputError(`${place.name}: "${layer}" is not a layer's number`)
  const fields = yamlFields(`${place.name}/config.yaml`, await place.text('config.yaml'))
  const open = async (name: string) =>
    new StoredTensors(
      await openSafetensors(await place.open(`${name}_${layer}.safetensors`)),
      'a cross-layer transcoder',
    )
  const encoder = await open('W_enc')
  const decoder = await open('W_dec')
  const arrays = {
    wEnc: stored(transposed(encoder.place(`W_enc_${layer}`))),
    wDec: summedOverMiddle(decoder.array(`W_dec_${layer}`)),
    bEnc: encoder.array(`b_enc_${layer}`),
    bDec: encoder.array(`b_dec_${layer}`),
  }
  encoder.refuseOthers()
  decoder.refuseOthers()
  const [dIn = 0, dSae = 0] = arrays.wEnc.shape
  const hookPoint = (name: string) => parseHookPoint(`blocks.${layer}.${fields.string(name)}`).name
  const config = plainConfig({
    architecture: 'transcoder',
    dIn,
    dOut: arrays.wDec.shape[1] ?? 0,
    dSae,
    hookPoint: hookPoint('feature_input_hook'),
    hookPointOut: hookPoint('feature_output_hook'),
    modelName: fields.string('model_name'),
  })
  return { config, arrays }
}
