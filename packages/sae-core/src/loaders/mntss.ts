import { InputError } from '@saeval/hub'
import { objectOf, text } from '@saeval/hub/checks'
import { parseHookPoint } from '../hook-point.js'
import { plainConfig } from '../sae-config.js'
import { openSafetensors } from '../tensors/safetensors-file.js'
import { readConfig } from './config-file.js'
import type { Loader } from './loader.js'
import { summedOverMiddle } from './sae-array.js'
import { StoredTensors } from './stored-tensors.js'

const schema = objectOf({ feature_input_hook: text, feature_output_hook: text, model_name: text })

/**
 * One layer of a cross-layer transcoder, taken as a transcoder: its decoder is the sum of those to all later layers, as SAELens makes it.
 * That is good for activations; what it would write to one layer is not what the transcoder writes to each.
 */
export const loadMntssTranscoder: Loader = async ({ path: layer }, place) => {
  if (!/^\d+$/.test(layer)) throw new InputError(`${place.name}: "${layer}" is not a layer's number`)
  const { fields } = await readConfig(place, 'config.yaml', schema)
  const open = async (name: string) =>
    new StoredTensors(
      await openSafetensors(await place.open(`${name}_${layer}.safetensors`)),
      'a cross-layer transcoder',
    )
  const encoder = await open('W_enc')
  const decoder = await open('W_dec')
  const arrays = {
    wEnc: encoder.transposed(`W_enc_${layer}`),
    wDec: summedOverMiddle(decoder.array(`W_dec_${layer}`)),
    bEnc: encoder.array(`b_enc_${layer}`),
    bDec: encoder.array(`b_dec_${layer}`),
  }
  encoder.refuseOthers()
  decoder.refuseOthers()
  const [dIn = 0, dSae = 0] = arrays.wEnc.shape
  const hookPoint = (name: string) => parseHookPoint(`blocks.${layer}.${name}`).name
  const config = plainConfig({
    architecture: 'transcoder',
    dIn,
    dOut: arrays.wDec.shape[1] ?? 0,
    dSae,
    hookPoint: hookPoint(fields.feature_input_hook),
    hookPointOut: hookPoint(fields.feature_output_hook),
    modelName: fields.model_name,
  })
  return { config, arrays }
}
