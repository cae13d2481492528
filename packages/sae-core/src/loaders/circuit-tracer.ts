import { InputError } from '@saeval/hub'
import { count, cut, objectOf, oneOf, text } from '@saeval/hub/checks'
import * as v from 'valibot'
import { parseHookPoint, unfolded } from '../hook-point.js'
import { circuitTracerPlace } from '../registry/circuit-tracer-place.js'
import { releases } from '../registry/registry.js'
import { type Architecture, plainConfig } from '../sae-config.js'
import { openSafetensors } from '../tensors/safetensors-file.js'
import { readConfig } from './config-file.js'
import type { LoadedSae, Loader } from './loader.js'
import { inFolder } from './paths.js'
import { partsOfMiddle } from './sae-array.js'
import type { SaePlace } from './sae-place.js'
import { StoredTensors } from './stored-tensors.js'

const kinds = ['transcoder_set', 'cross_layer_transcoder'] as const

const schema = objectOf({
  model_kind: oneOf(kinds, kinds.map((kind) => JSON.stringify(kind)).join(' or ')),
  model_name: v.nullish(text, null),
  feature_input_hook: text,
  feature_output_hook: text,
  activation: v.nullish(text, null),
  k: v.nullish(count, null),
  transcoders: v.nullish(v.unknown()),
})

/** circuit-tracer's sets: a config.yaml with model_kind, beside it a file for each layer of transcoders, or two of a cross-layer transcoder. */
export const loadCircuitTracer: Loader = async ({ path }, place) => {
  const { folder, layer } = circuitTracerPlace(path)!
  const { file, fields } = await readConfig(place, inFolder(folder, 'config.yaml'), schema)
  if (fields.transcoders != null)
    throw new InputError(`${file} lists transcoders of other repositories; ${namedOf(fields.transcoders, layer)}`)
  // circuit-tracer folds no weights
  const hookPoint = (name: string, at: number) =>
    parseHookPoint(unfolded(`blocks.${at}.${name}`, fields.model_name)).name
  const common = {
    hookPoint: hookPoint(fields.feature_input_hook, layer),
    hookPointOut: hookPoint(fields.feature_output_hook, layer),
    modelName: fields.model_name,
  }
  const open = async (name: string, what: string) =>
    new StoredTensors(await openSafetensors(await place.open(inFolder(folder, name))), what)
  if (fields.model_kind === 'transcoder_set') {
    const k = topKOf(place, file, fields.activation, fields.k)
    const sae = transcoder(await open(`layer_${layer}.safetensors`, 'a transcoder'), common, k)
    const jumps = sae.arrays.threshold !== undefined
    if (fields.activation !== null && jumps !== (fields.activation === 'jump_relu'))
      throw new InputError(
        `${file}: activation is ${fields.activation}, but layer ${layer} has ${jumps ? '' : 'no '}thresholds; download it again`,
      )
    return sae
  }
  const encoder = await open(`W_enc_${layer}.safetensors`, 'a cross-layer transcoder')
  const decoder = await open(`W_dec_${layer}.safetensors`, 'a cross-layer transcoder')
  const [first, ...later] = partsOfMiddle(decoder.array(`W_dec_${layer}`))
  if (first === undefined) throw new InputError(`W_dec_${layer} of ${place.name} writes to no layer`)
  const threshold = encoder.has(`threshold_${layer}`) ? { threshold: encoder.array(`threshold_${layer}`) } : {}
  // x times the matrix as it is stored is added; a set's skip connection is stored the other way
  const skip = encoder.has(`W_skip_${layer}`) ? { wSkip: encoder.transposed(`W_skip_${layer}`) } : {}
  const arrays = {
    wEnc: encoder.transposed(`W_enc_${layer}`),
    wDec: first,
    bEnc: encoder.array(`b_enc_${layer}`),
    bDec: encoder.array(`b_dec_${layer}`),
    ...threshold,
    ...skip,
  }
  encoder.refuseOthers()
  decoder.refuseOthers()
  return {
    config: {
      ...configOf(arrays, common, kindOf('threshold' in threshold, 'wSkip' in skip)),
      severalFrom: common.hookPointOut,
      skipConnection: 'wSkip' in skip,
    },
    arrays,
    later: later.map((wDec, index) => ({
      wDec,
      hookPointOut: hookPoint(fields.feature_output_hook, layer + 1 + index),
    })),
  }
}

/** What to name instead of a layer's entry in a list of files such as "hf://google/gemma-scope-2b-pt-transcoders/layer_3/…/params.npz". */
function namedOf(list: unknown, layer: number): string {
  const entry: unknown = Array.isArray(list) ? list[layer] : undefined
  const found = typeof entry === 'string' ? /^hf:\/\/([^/]+\/[^/]+)\/([^?]+)/.exec(entry) : null
  if (found === null) return 'name those as sae_release'
  const [, repository, path] = found as unknown as [string, string, string]
  for (const release of releases().values()) {
    const sae = release.repository === repository && release.saes.find((item) => path.startsWith(`${item.path}/`))
    if (sae) return `layer ${layer} is ${release.release} ${sae.id}`
  }
  return `layer ${layer} is ${cut(path)} of ${cut(repository)}`
}

/** The k of a set of top-k transcoders; null of others. */
function topKOf(place: SaePlace, file: string, activation: string | null, k: number | null): number | null {
  if (activation !== 'topk') {
    if (activation === null || activation === 'relu' || activation === 'jump_relu') return null
    throw new InputError(`${file}: activation is "${activation}", expected relu, jump_relu or topk`)
  }
  // circuit-tracer has the number of this set in its code
  const known = place.name === 'facebook/crv-8b-instruct-transcoders' ? 128 : k
  if (known === null) throw new InputError(`${file}: k is missing, which topk needs`)
  return known
}

function kindOf(jump: boolean, skips: boolean): Architecture {
  if (jump) return skips ? 'jumprelu_skip_transcoder' : 'jumprelu_transcoder'
  return skips ? 'skip_transcoder' : 'transcoder'
}

type Common = Pick<LoadedSae['config'], 'hookPoint' | 'hookPointOut' | 'modelName'>

function transcoder(tensors: StoredTensors, common: Common, k: number | null): LoadedSae {
  const name = 'activation_function.threshold'
  const threshold = tensors.has(name) ? { threshold: tensors.array(name) } : {}
  const skip = tensors.has('W_skip') ? { wSkip: tensors.array('W_skip') } : {}
  const arrays = { ...tensors.plain(), wEnc: tensors.transposed('W_enc'), ...threshold, ...skip }
  // the number itself stands in config.yaml
  if (k !== null && tensors.has('k')) tensors.place('k')
  tensors.refuseOthers()
  const [jump, skips] = ['threshold' in threshold, 'wSkip' in skip]
  const architecture = k !== null ? 'topk' : kindOf(jump, skips)
  return { config: { ...configOf(arrays, common, architecture), k, skipConnection: skips }, arrays }
}

function configOf({ wEnc, wDec }: LoadedSae['arrays'], common: Common, architecture: Architecture) {
  const [dIn = 0, dSae = 0] = wEnc.shape
  return plainConfig({ ...common, architecture, dIn, dSae, dOut: wDec.shape[1] ?? 0 })
}
