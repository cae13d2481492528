import { InputError } from '@saeval/hub'
import { count, objectOf, oneOf, text, truth } from '@saeval/hub/checks'
import * as v from 'valibot'
import { plainConfig } from '../sae-config.js'
import { openSafetensors } from '../tensors/safetensors-file.js'
import { readConfig, readConfigIfPresent } from './config-file.js'
import type { Loader } from './loader.js'
import { moduleHookPoints } from './module-hook-points.js'
import { inFolder } from './paths.js'
import type { SaePlace } from './sae-place.js'
import { StoredTensors } from './stored-tensors.js'

const schema = objectOf({
  signed: v.nullish(truth, false),
  activation: v.nullish(oneOf(['topk', 'groupmax']), 'topk'),
  transcode: v.nullish(truth, false),
  skip_connection: v.nullish(truth, false),
  d_in: count,
  k: v.nullish(count, 32),
})

/**
 * EleutherAI's sparsify: `<hookpoint>/cfg.json` and `sae.safetensors`. Read as sparsify itself does (SAELens' loader for it transposes W_dec
 * and misses what follows): the input is x - b_dec unless it transcodes, then ReLU and the k largest or the largest of k groups, and
 * x W_skip^T is added where there is a skip connection.
 */
export const loadSparsify: Loader = async ({ path, id, model }, place) => {
  const { file, fields } = await readConfig(place, inFolder(path, 'cfg.json'), schema)
  const { activation, transcode: isTranscoder, skip_connection: skipConnection, k } = fields
  if (fields.signed) throw new InputError(`${file}: SAEs with signed activations are not supported`)

  const source = await place.open(inFolder(path, 'sae.safetensors'))
  const tensors = new StoredTensors(await openSafetensors(source), 'a sparsify SAE')
  const arrays = {
    wEnc: tensors.transposed('encoder.weight'),
    wDec: tensors.array('W_dec'),
    bEnc: tensors.array('encoder.bias'),
    bDec: tensors.array('b_dec'),
    ...(skipConnection ? { wSkip: tensors.array('W_skip') } : {}),
  }
  tensors.refuseOthers()
  const [dIn = 0, dSae = 0] = arrays.wEnc.shape
  if (dIn !== fields.d_in) throw new InputError(`${file}: d_in is ${fields.d_in}, but encoder.weight has ${dIn}`)
  if (activation === 'groupmax' && dSae % k !== 0)
    throw new InputError(`${file}: ${dSae} latents cannot be divided into ${k} groups`)
  const hookpoint = (path || id).split('/').at(-1)!
  const modelName = model ?? (await trainedModel(place, path))
  const config = plainConfig({
    architecture: activation,
    dIn,
    dSae,
    k,
    ...hookPoints(hookpoint, isTranscoder, modelName),
    modelName,
    applyBDecToInput: !isTranscoder,
    skipConnection,
  })
  return { config, arrays }
}

/** sparsify names modules of the Hugging Face model ("layers.10", "h.3.mlp"): their outputs, and for transcoders their inputs too. */
function hookPoints(hookpoint: string, isTranscoder: boolean, modelName: string | null) {
  const at = moduleHookPoints(hookpoint, isTranscoder ? 'input' : 'output', modelName)
  return {
    hookPoint: isTranscoder ? at.input! : at.output,
    hookPointOut: at.output,
    hfHookPoint: `${hookpoint}.${isTranscoder ? 'input' : 'output'}`,
    hfHookPointOut: isTranscoder ? `${hookpoint}.output` : null,
  }
}

/** The model that sparsify's trainer notes in the config.json of the whole run; null when there is none. */
async function trainedModel(place: SaePlace, path: string): Promise<string | null> {
  const configPath = inFolder(path.split('/').slice(0, -1).join('/'), 'config.json')
  const config = await readConfigIfPresent(
    place,
    configPath,
    objectOf({ model: v.fallback(v.nullish(text, null), null) }),
  )
  return config?.fields.model ?? null
}
