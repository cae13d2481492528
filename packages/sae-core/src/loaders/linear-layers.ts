import { InputError } from '@saeval/hub'
import type { SaeReference } from '../registry/find-sae.js'
import { plainConfig } from '../sae-config.js'
import { openTorchStateDict } from '../torch/torch-file.js'
import type { LoadedSae, Loader } from './loader.js'
import { layerOf } from './paths.js'
import type { SaePlace } from './sae-place.js'
import { StoredTensors } from './stored-tensors.js'

/**
 * The weights of an SAE that was kept as two torch Linear layers, whose matrices are [out, in]: rows of W_dec are columns of the decoder's
 * weight, columns of W_enc rows of the encoder's.
 */
export function linearWeights(tensors: StoredTensors, encoder = 'encoder', decoder = 'decoder') {
  return {
    wEnc: tensors.transposed(`${encoder}.weight`),
    wDec: tensors.transposed(`${decoder}.weight`),
  }
}

/** The same with the layers' biases. */
export function linearArrays(tensors: StoredTensors, encoder = 'encoder', decoder = 'decoder') {
  return {
    ...linearWeights(tensors, encoder, decoder),
    bEnc: tensors.array(`${encoder}.bias`),
    bDec: tensors.array(`${decoder}.bias`),
  }
}

/** Goodfire's SAEs: one state dict. */
export const loadGoodfire: Loader = (reference, place) =>
  loadStandard(reference, place, 'encoder_linear', 'decoder_linear')

/** qresearch's SAE of DeepSeek-R1-Distill-Llama-8B: one state dict. */
export const loadDeepseekR1: Loader = (reference, place) => loadStandard(reference, place, 'encoder', 'decoder')

/** A standard SAE on the residual stream after the layer that the file's name ends in (…-l19.pt). */
async function loadStandard(
  { path, model }: SaeReference,
  place: SaePlace,
  encoder: string,
  decoder: string,
): Promise<LoadedSae> {
  const tensors = new StoredTensors(await openTorchStateDict(await place.open(path)), 'a standard SAE')
  if (model === null) throw new InputError(`${path} does not say which model it was made for`)
  const arrays = linearArrays(tensors, encoder, decoder)
  tensors.refuseOthers()
  const [dIn = 0, dSae = 0] = arrays.wEnc.shape
  const hookPoint = `blocks.${layerOf(path, /l(\d+)\.pth?$/)}.hook_resid_post`
  return { config: plainConfig({ architecture: 'standard', dIn, dSae, hookPoint, modelName: model }), arrays }
}
