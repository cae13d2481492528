import { InputError } from '@saeval/hub'
import { openNpz } from '../npz/npz-file.js'
import { plainConfig } from '../sae-config.js'
import type { Loader } from './loader.js'

const kinds: Readonly<Record<string, string>> = { res: 'hook_resid_post', mlp: 'hook_mlp_out', att: 'attn.hook_z' }
const tensors = ['w_enc', 'w_dec', 'b_enc', 'b_dec', 'threshold']

/** Gemma Scope (SAELens' loader "gemma_2"): jumprelu SAEs in params.npz; model, site and layer follow from repository and path. */
export const loadGemmaScope: Loader = async (reference, place) => {
  const repository = /gemma-scope-(\w+)-(pt|it)-(res|mlp|att)$/.exec(place.name)
  if (!repository)
    throw new InputError(`${place.name} is not a Gemma Scope repository (gemma-scope-<size>-<pt|it>-<res|mlp|att>)`)
  const [, size, tuning, site] = repository as unknown as [string, string, string, string]
  const layer = /layer_(\d+)/.exec(reference.path)?.[1]
  const isEmbedding = reference.path.startsWith('embedding')
  if (!isEmbedding && layer === undefined) throw new InputError(`${place.name}/${reference.path} names no layer`)

  const weights = place.weights(`${reference.path}/params.npz`, openNpz)
  const stored = await weights.parts()
  for (const name of tensors) {
    if (!stored.tensors.has(name))
      throw new InputError(`${stored.name} has no array ${name}, which a Gemma Scope SAE needs`)
  }
  const [dIn = 0, dSae = 0] = stored.tensors.get('w_enc')!.shape
  // embedding SAEs were trained on embeddings without Gemma's sqrt(d_model) scale
  const scale = isEmbedding ? Math.sqrt(dIn) : 1
  return {
    config: plainConfig({
      architecture: 'jumprelu',
      dIn,
      dSae,
      hookPoint: isEmbedding ? 'hook_embed' : `blocks.${layer}.${kinds[site]}`,
      // from the repository: the registry names the pretrained model for one release of the tuned one
      modelName: `gemma-2-${size}${tuning === 'it' ? '-it' : ''}`,
      reshapeHookZ: site === 'att',
    }),
    weights,
    names: { wEnc: 'w_enc', wDec: 'w_dec', bEnc: 'b_enc', bDec: 'b_dec', threshold: 'threshold' },
    factors: { wEnc: 1 / scale, wDec: scale, bDec: 1 },
  }
}
