import { InputError } from '@saeval/hub'
import { objectOf, oneOf, text, truth } from '@saeval/hub/checks'
import * as v from 'valibot'
import { plainConfig } from '../sae-config.js'
import { openSafetensors } from '../tensors/safetensors-file.js'
import { readConfig } from './config-file.js'
import { gemmaHookPoint } from './gemma-scope-2.js'
import type { Loader } from './loader.js'
import { checkRising, inFolder } from './paths.js'
import { partsOfMiddle } from './sae-array.js'
import { StoredTensors } from './stored-tensors.js'

const schema = objectOf({
  architecture: oneOf(['jump_relu']),
  type: oneOf(['crosscoder', 'clt']),
  model_name: text,
  affine_connection: v.nullish(truth, false),
  hf_hook_point_in: text,
  hf_hook_point_out: text,
})

/** The folder and the number of a file of one layer: "crosscoder/layer_7_13_17_22_width_65k_l0_medium/params_layer_0". null for other ids. */
export function gemmaLayerPlace(id: string): { readonly folder: string; readonly index: number } | null {
  const found = /^(?:(.+)\/)?params_layer_(\d+)(?:\.safetensors)?$/.exec(id)
  return found === null ? null : { folder: found[1] ?? '', index: Number(found[2]) }
}

/**
 * Gemma Scope 2's models of several layers: weakly causal crosscoders of residual streams and cross-layer transcoders, a file for each layer. A latent reads
 * its own layer, by JumpReLU, and writes to it and the later ones. w_dec [d_sae, n, d_in] has rows for earlier layers too, which are left out, as
 * circuit-tracer does.
 */
export const loadGemmaScope2Layer: Loader = async ({ path }, place) => {
  const { folder, index } = gemmaLayerPlace(path)!
  const { file, fields } = await readConfig(place, inFolder(folder, 'config.json'), schema)
  const source = await place.open(inFolder(folder, `params_layer_${index}.safetensors`))
  const tensors = new StoredTensors(await openSafetensors(source), `a ${fields.type} of Gemma Scope 2`)
  const plain = tensors.plain((name) => name.toLowerCase())
  const rows = partsOfMiddle(tensors.matrices('w_dec'))
  const skips = fields.affine_connection
  const arrays = {
    ...plain,
    wDec: rows[index]!,
    threshold: tensors.array('threshold'),
    // x times the matrix as it is stored is added, in DeepMind's own code; SAELens takes that of single layers the other way
    ...(skips ? { wSkip: tensors.transposed('affine_skip_connection') } : {}),
  }
  tensors.refuseOthers()
  const reads = layersOf(file, fields.hf_hook_point_in, rows.length)
  const writes = layersOf(file, fields.hf_hook_point_out, rows.length)
  if (index >= rows.length)
    throw new InputError(`${file}: there are ${rows.length} layers, so params_layer_${index} is none of them`)
  const [dIn = 0, dSae = 0] = arrays.wEnc.shape
  const [hookPoint, hookPointOut] = [gemmaHookPoint(reads[index]!), gemmaHookPoint(writes[index]!)]
  const transcoder = skips ? 'jumprelu_skip_transcoder' : 'jumprelu_transcoder'
  return {
    config: plainConfig({
      architecture: hookPoint === hookPointOut ? 'jumprelu' : transcoder,
      dIn,
      dSae,
      dOut: arrays.wDec.shape[1] ?? 0,
      hookPoint,
      hookPointOut,
      // the last layer's too, which writes to one place only: all of a set read alike
      severalFrom: hookPointOut,
      hfHookPoint: reads[index]!,
      hfHookPointOut: hookPoint === hookPointOut ? null : writes[index]!,
      // the pretrained 270m model has no "-pt" in its name
      modelName: fields.model_name.replace(/^(google\/gemma-3-270m)-pt$/, '$1'),
      skipConnection: skips,
    }),
    arrays,
    later: rows
      .slice(index + 1)
      .map((row, at) => ({ wDec: row, hookPointOut: gemmaHookPoint(writes[index + 1 + at]!) })),
  }
}

/** The modules' tensors that a name with a list of layers stands for: "model.layers.{7,13}.output", or "{all}". */
function layersOf(file: string, name: string, count: number): string[] {
  const found = /^model\.layers\.\{(all|\d+(?:, *\d+)*)\}\.(.+)$/.exec(name)
  const numbers =
    found?.[1] === 'all' ? Array.from({ length: count }, (_, at) => at) : found?.[1]?.split(',').map(Number)
  if (numbers === undefined || numbers.length !== count)
    throw new InputError(`${file} names the hook points ${name}, expected model.layers.{…} with ${count} layers`)
  checkRising(file, numbers)
  return numbers.map((layer) => `model.layers.${layer}.${found![2]}`)
}
