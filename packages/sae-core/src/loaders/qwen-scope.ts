import { InputError } from '@saeval/hub'
import { plainConfig } from '../sae-config.js'
import { openTorchStateDict } from '../torch/torch-file.js'
import type { Loader } from './loader.js'
import { layerOf } from './paths.js'
import { StoredTensors } from './stored-tensors.js'

/** Qwen Scope: top-k SAEs `layerN.sae.pt` with both matrices stored transposed; k is the L0 in the repository's name. */
export const loadQwenScope: Loader = async ({ path, model }, place) => {
  const k = Number(/-L0_(\d+)$/.exec(place.name)?.[1] ?? 0)
  if (k === 0) throw new InputError(`${place.name} is not a Qwen Scope repository (…-L0_<k>)`)
  const layer = layerOf(path, /layer(\d+)\.sae\.pt$/)
  const tensors = new StoredTensors(await openTorchStateDict(await place.open(path)), 'a Qwen Scope SAE')
  const arrays = { ...tensors.plain(), wEnc: tensors.transposed('W_enc'), wDec: tensors.transposed('W_dec') }
  tensors.refuseOthers()
  const [dIn = 0, dSae = 0] = arrays.wEnc.shape
  const config = plainConfig({
    architecture: 'topk',
    dIn,
    dSae,
    k,
    hookPoint: `blocks.${layer}.hook_resid_post`,
    hfHookPoint: `model.layers.${layer}`,
    modelName: model,
  })
  return { config, arrays }
}
