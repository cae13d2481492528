import { InputError } from '@saeval/hub'
import { openNpz } from '../npz/npz-file.js'
import { plainConfig } from '../sae-config.js'
import type { Loader } from './loader.js'
import { layerOf } from './paths.js'
import { scaled } from './sae-array.js'
import type { SaePlace } from './sae-place.js'
import { StoredTensors } from './stored-tensors.js'

const kinds: Readonly<Record<string, string>> = { res: 'hook_resid_post', mlp: 'hook_mlp_out', att: 'attn.hook_z' }

/** Gemma Scope (SAELens' loader "gemma_2"): jumprelu SAEs in params.npz; model, site and layer follow from repository and path. */
export const loadGemmaScope: Loader = async ({ path }, place) => {
  const repository = /gemma-scope-(\w+)-(pt|it)-(res|mlp|att)$/.exec(place.name)
  if (!repository)
    throw new InputError(`${place.name} is not a Gemma Scope repository (gemma-scope-<size>-<pt|it>-<res|mlp|att>)`)
  const [, size, tuning, site] = repository as unknown as [string, string, string, string]
  const isEmbedding = path.startsWith('embedding')
  const hookPoint = isEmbedding ? 'hook_embed' : `blocks.${layerOf(path, /layer_(\d+)/)}.${kinds[site]}`
  const { arrays, dIn, dSae } = await readParameters(place, path)
  // embedding SAEs were trained on embeddings without Gemma's sqrt(d_model) scale
  const scale = isEmbedding ? Math.sqrt(dIn) : 1
  const config = plainConfig({
    architecture: 'jumprelu',
    dIn,
    dSae,
    hookPoint,
    // from the repository: the registry names the pretrained model for one release of the tuned one
    modelName: `gemma-2-${size}${tuning === 'it' ? '-it' : ''}`,
    reshapeHookZ: site === 'att',
  })
  return {
    config,
    arrays: { ...arrays, wEnc: scaled(arrays.wEnc, 1 / scale), wDec: scaled(arrays.wDec, scale) },
  }
}

/** Gemma Scope's transcoders: from the normalised input of the MLP (before the norm's gain) to what it adds to the residual stream. */
export const loadGemmaScopeTranscoder: Loader = async ({ path }, place) => {
  const size = /gemma-scope-(\w+)-pt-transcoders$/.exec(place.name)?.[1]
  if (size === undefined)
    throw new InputError(
      `${place.name} is not a repository of Gemma Scope transcoders (gemma-scope-<size>-pt-transcoders)`,
    )
  const layer = layerOf(path, /layer_(\d+)/)
  const { arrays, dIn, dOut, dSae } = await readParameters(place, path)
  const config = plainConfig({
    architecture: 'jumprelu_transcoder',
    dIn,
    dOut,
    dSae,
    hookPoint: `blocks.${layer}.ln2.hook_normalized`,
    hookPointOut: `blocks.${layer}.hook_mlp_out`,
    modelName: `gemma-2-${size}`,
  })
  return { config, arrays }
}

async function readParameters(place: SaePlace, path: string) {
  const tensors = new StoredTensors(await openNpz(await place.open(`${path}/params.npz`)), 'a Gemma Scope SAE')
  const arrays = { ...tensors.plain((name) => name.toLowerCase()), threshold: tensors.array('threshold') }
  tensors.refuseOthers()
  const [dIn = 0, dSae = 0] = arrays.wEnc.shape
  return { arrays, dIn, dOut: arrays.wDec.shape[1] ?? 0, dSae }
}
