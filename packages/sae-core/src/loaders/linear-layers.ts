import { InputError } from '@saeval/hub'
import { plainConfig } from '../sae-config.js'
import { transposed } from '../tensors/tensor-place.js'
import { openTorchStateDict } from '../torch/torch-file.js'
import type { LoadedSae, Loader } from './loader.js'
import { layerOf } from './paths.js'
import { stored } from './sae-array.js'
import { StoredTensors } from './stored-tensors.js'

/**
 * The weights of an SAE that was kept as two torch Linear layers, whose matrices are [out, in]: rows of W_dec are columns of the decoder's
 * weight, columns of W_enc rows of the encoder's.
 */
export function linearWeights(tensors: StoredTensors, encoder = 'encoder', decoder = 'decoder') {
  return {
    wEnc: stored(transposed(tensors.place(`${encoder}.weight`))),
    wDec: stored(transposed(tensors.place(`${decoder}.weight`))),
  }
}

/** Goodfire's SAEs: one state dict. */
export const loadGoodfire: Loader = async (reference, place) => {
  const tensors = await openState(reference.path, place)
  return standardOf(reference, tensors, 'encoder_linear', 'decoder_linear')
}

/** qresearch's SAE of DeepSeek-R1-Distill-Llama-8B: one state dict. */
export const loadDeepseekR1: Loader = async (reference, place) => {
  const tensors = await openState(reference.path, place)
  return standardOf(reference, tensors, 'encoder', 'decoder')
}

async function openState(path: string, place: Parameters<Loader>[1]): Promise<StoredTensors> {
  return new StoredTensors(await openTorchStateDict(await place.open(path)), 'a standard SAE')
}

/** A standard SAE on the residual stream after the layer that the file's name ends in (…-l19.pt). */
function standardOf(
  { path, model }: Parameters<Loader>[0],
  tensors: StoredTensors,
  encoder: string,
  decoder: string,
): LoadedSae {
  if (model === null) throw new InputError(`${path} does not say which model it was made for`)
  const arrays = {
    ...linearWeights(tensors, encoder, decoder),
    bEnc: tensors.array(`${encoder}.bias`),
    bDec: tensors.array(`${decoder}.bias`),
  }
  tensors.refuseOthers()
  const [dIn = 0, dSae = 0] = arrays.wEnc.shape
  const hookPoint = `blocks.${layerOf(path, /l(\d+)\.pth?$/)}.hook_resid_post`
  return { config: plainConfig({ architecture: 'standard', dIn, dSae, hookPoint, modelName: model }), arrays }
}
