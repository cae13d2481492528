import { objectOf, text } from '@saeval/hub/checks'
import { parseHookPoint } from '../hook-point.js'
import { plainConfig } from '../sae-config.js'
import { openTorchStateDict } from '../torch/torch-file.js'
import { readConfig } from './config-file.js'
import type { Loader } from './loader.js'
import { StoredTensors } from './stored-tensors.js'

const schema = objectOf({ act_name: text })

/** The attention SAEs of gpt2-small by Kissane and Krzyzanowski: a state dict with SAELens' names, `<path without .pt>_cfg.json` beside it. */
export const loadConnorRobHookZ: Loader = async ({ path, model }, place) => {
  const { fields } = await readConfig(place, `${path.replace(/\.pt$/, '')}_cfg.json`, schema)
  const tensors = new StoredTensors(await openTorchStateDict(await place.open(path)), 'a standard SAE')
  const arrays = tensors.plain()
  tensors.refuseOthers()
  const [dIn = 0, dSae = 0] = arrays.wEnc.shape
  const config = plainConfig({
    architecture: 'standard',
    dIn,
    dSae,
    hookPoint: parseHookPoint(fields.act_name).name,
    modelName: model,
    applyBDecToInput: true,
    reshapeHookZ: true,
  })
  return { config, arrays }
}
