import { InputError } from '@saeval/hub'
import { objectOf, oneOf, text, truth } from '@saeval/hub/checks'
import * as v from 'valibot'
import { plainConfig } from '../sae-config.js'
import { openSafetensors } from '../tensors/safetensors-file.js'
import { type ConfigFile, readConfigIfPresent } from './config-file.js'
import type { Loader } from './loader.js'
import { layerOf } from './paths.js'
import { summedOverMiddle } from './sae-array.js'
import { StoredTensors } from './stored-tensors.js'

/** First part of the path -> the module tensors it was trained on, as Gemma 3's modules are called in transformers. */
const sites: Readonly<Record<string, { readonly input: string; readonly output?: string }>> = {
  resid_post: { input: 'output' },
  attn_out: { input: 'self_attn.o_proj.input' },
  mlp_out: { input: 'post_feedforward_layernorm.output' },
  transcoder: { input: 'pre_feedforward_layernorm.output', output: 'post_feedforward_layernorm.output' },
  clt: { input: 'pre_feedforward_layernorm.output', output: 'post_feedforward_layernorm.output' },
}

/**
 * A tensor of a Gemma 3 layer -> TransformerLens' hook point with the same numbers. SAELens writes hook_mlp_in for the input of
 * transcoders, which is the residual stream before the norm; they were trained after it.
 */
const hookPoints: Readonly<Record<string, string>> = {
  output: 'hook_resid_post',
  'self_attn.o_proj.input': 'attn.hook_z',
  'post_feedforward_layernorm.output': 'hook_mlp_out',
  'pre_feedforward_layernorm.output': 'mlp.hook_in',
}

const schema = objectOf({
  architecture: oneOf(['jump_relu']),
  affine_connection: v.nullish(truth, false),
  hf_hook_point_in: v.nullish(text),
  hf_hook_point_out: v.nullish(text),
})
type Config = ConfigFile<v.InferOutput<typeof schema>>

/** Gemma Scope 2 (SAELens' loader "gemma_3"): jumprelu SAEs and transcoders, params.safetensors with an optional config.json. */
export const loadGemmaScope2: Loader = async ({ path }, place) => {
  const repository = /gemma-scope-2-(\d+\w)-(pt|it)$/.exec(place.name)
  const site = /^([a-z_]+?)(_all)?\//.exec(path)?.[1] ?? ''
  if (!repository || !Object.hasOwn(sites, site))
    throw new InputError(
      `${place.name}/${path} is not a Gemma Scope 2 SAE (gemma-scope-2-<size>-<pt|it>, ${Object.keys(sites).join(', ')})`,
    )
  const [, size, tuning] = repository as unknown as [string, string, string]
  const layer = layerOf(path, /layer_(\d+)/)
  const isCrossLayer = site === 'clt'
  const folder = isCrossLayer ? path.slice(0, path.lastIndexOf('/')) : path
  const written = await readConfigIfPresent(place, `${folder}/config.json`, schema)

  const source = await place.open(isCrossLayer ? `${path}.safetensors` : `${path}/params.safetensors`)
  const tensors = new StoredTensors(await openSafetensors(source), 'a Gemma Scope 2 SAE')
  const isAffine = written?.fields.affine_connection || path.includes('affine')
  const plain = tensors.plain((name) => name.toLowerCase())
  const arrays = {
    ...plain,
    wDec: isCrossLayer ? summedOverMiddle(plain.wDec) : plain.wDec,
    threshold: tensors.array('threshold'),
    // as SAELens takes it, whose forward multiplies by its transpose; DeepMind's own code multiplies by the matrix as it is stored
    ...(isAffine ? { wSkip: tensors.array('affine_skip_connection') } : {}),
  }
  tensors.refuseOthers()

  const modules = sites[site]!
  const hfHookPoint = moduleTensor(written, 'hf_hook_point_in', layer, modules.input)
  const hfHookPointOut = modules.output ? moduleTensor(written, 'hf_hook_point_out', layer, modules.output) : null
  const hookPoint = gemmaHookPoint(hfHookPoint)
  const [dIn = 0, dSae = 0] = arrays.wEnc.shape
  const config = plainConfig({
    architecture: hfHookPointOut === null ? 'jumprelu' : isAffine ? 'jumprelu_skip_transcoder' : 'jumprelu_transcoder',
    dIn,
    dOut: arrays.wDec.shape[1] ?? 0,
    dSae,
    hookPoint,
    hookPointOut: hfHookPointOut === null ? hookPoint : gemmaHookPoint(hfHookPointOut),
    hfHookPoint,
    hfHookPointOut,
    // the pretrained 270m model has no "-pt" in its name
    modelName: `google/gemma-3-${size}${size === '270m' && tuning === 'pt' ? '' : `-${tuning}`}`,
    skipConnection: isAffine,
  })
  return { config, arrays }
}

/** What config.json names, else what the path means; both must speak of the same layer. */
function moduleTensor(
  config: Config | null,
  name: 'hf_hook_point_in' | 'hf_hook_point_out',
  layer: number,
  usual: string,
): string {
  const expected = `model.layers.${layer}.`
  const named = config?.fields[name] ?? expected + usual
  if (!named.startsWith(expected))
    throw new InputError(`${config!.file}: ${name} is ${named}, but the folder is of layer ${layer}`)
  return named
}

/** TransformerLens' hook point of a tensor of a Gemma 3 module, "model.layers.13.output". Throws InputError for those that have none. */
export function gemmaHookPoint(hfHookPoint: string): string {
  const found = /^model\.layers\.(\d+)\.(.+)$/.exec(hfHookPoint)
  if (found === null || !Object.hasOwn(hookPoints, found[2]!))
    throw new InputError(`${hfHookPoint} has no hook point; known are ${Object.keys(hookPoints).join(', ')}`)
  return `blocks.${Number(found[1])}.${hookPoints[found[2]!]}`
}
