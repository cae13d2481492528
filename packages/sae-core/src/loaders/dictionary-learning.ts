import { InputError } from '@saeval/hub'
import { checked, count, index, objectOf, text } from '@saeval/hub/checks'
import * as v from 'valibot'
import { plainConfig } from '../sae-config.js'
import { openTorchStateDict } from '../torch/torch-file.js'
import { readConfig } from './config-file.js'
import { linearWeights } from './linear-layers.js'
import type { Loader, SaeArrays } from './loader.js'
import { filled, type SaeArray } from './sae-array.js'
import { StoredTensors } from './stored-tensors.js'

/** dictionary_learning's classes -> architectures; batch top-k is used with its threshold. Other classes are taken for plain autoencoders. */
const architectures: Readonly<Record<string, 'topk' | 'gated' | 'jumprelu'>> = {
  AutoEncoderTopK: 'topk',
  GatedAutoEncoder: 'gated',
  BatchTopKSAE: 'jumprelu',
  MatryoshkaBatchTopKSAE: 'jumprelu',
}

const schema = objectOf({
  trainer: objectOf({ dict_class: text, lm_name: text, layer: index, k: v.optional(v.unknown()) }),
})
const topk = objectOf({ trainer: objectOf({ k: count }) })

/** SAEs of the dictionary_learning library: ae.pt with a config.json that tells class, layer and model. */
export const loadDictionaryLearning: Loader = async ({ path }, place) => {
  const { file, fields } = await readConfig(place, `${path}/config.json`, schema)
  const { dict_class: className, layer, lm_name: modelName } = fields.trainer
  const architecture = Object.hasOwn(architectures, className) ? architectures[className]! : 'standard'

  const tensors = new StoredTensors(
    await openTorchStateDict(await place.open(`${path}/ae.pt`)),
    `an SAE of the class ${className}`,
  )
  const weights = tensors.has('W_enc')
    ? { wEnc: tensors.array('W_enc'), wDec: tensors.array('W_dec') }
    : linearWeights(tensors)
  const arrays: SaeArrays = {
    ...weights,
    bDec: tensors.oneOf('b_dec', 'bias', 'decoder_bias'),
    ...(architecture === 'gated' ? gateOf(tensors) : { bEnc: tensors.oneOf('b_enc', 'encoder.bias') }),
    ...(architecture === 'jumprelu' ? { threshold: await thresholdOf(tensors, weights.wEnc.shape[1] ?? 0) } : {}),
  }
  if (architecture === 'standard') {
    if (tensors.has('threshold'))
      throw new InputError(`${file}: SAEs of the class ${className} cannot be read (they have thresholds)`)
    tensors.refuseOthers()
  }
  const [dIn = 0, dSae = 0] = arrays.wEnc.shape
  const config = plainConfig({
    architecture,
    dIn,
    dSae,
    hookPoint: `blocks.${layer}.hook_resid_post`,
    modelName: modelName.split('/').at(-1)!,
    applyBDecToInput: true,
    ...(architecture === 'topk' ? { k: checked(file, topk, fields).trainer.k } : {}),
  })
  return { config, arrays }
}

function gateOf(tensors: StoredTensors): Pick<SaeArrays, 'gate'> {
  const [bGate, bMag, rMag] = ['gate_bias', 'mag_bias', 'r_mag'].map((name) => tensors.array(name)) as [
    SaeArray,
    SaeArray,
    SaeArray,
  ]
  return { gate: { bGate, bMag, rMag } }
}

/** One number for all latents, or one for each. */
async function thresholdOf(tensors: StoredTensors, dSae: number): Promise<SaeArray> {
  const threshold = tensors.array('threshold')
  if (threshold.shape.length > 0) return threshold
  return filled(dSae, (await threshold.all())[0]!)
}
