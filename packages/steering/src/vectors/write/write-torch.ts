import { layerModule, placeKey, residualLayer } from '../layer-place.js'
import type { SteeredEntry } from '../steered-entry.js'
import { type TorchValue, torchBytes } from './torch-bytes.js'
import { refusesAllButModuleEdits, refusesSecondEdits, type VectorWriter } from './vector-writer.js'

/** lm_eval's .pt: a dictionary from modules to what its model `steered` does to their outputs. */
export const torchWriter: VectorWriter = {
  name: 'torch',
  ends: ['.pt', '.pth'],
  refuses: refusesAllButModuleEdits,
  refusesFile: refusesSecondEdits(({ hookpoint }) => placeKey(hookpoint)),
  leaves: ({ path, entries, modelType }) => {
    const hook = entries.map((entry) => moduleOf(entry, modelType)).find((name) => /^(?:blocks\.|hook_)/.test(name))
    const line = (what: string) => [`${path}: ${what}`]
    return [
      ...(hook === undefined
        ? []
        : line(`lm_eval takes names of modules, and ${hook} is a hook point; saeval takes both`)),
      ...(entries.every(({ head }) => head === null)
        ? []
        : line('lm_eval fails on edits of one head; saeval does them')),
      ...(modelType === null && entries.some(({ hookpoint }) => residualLayer(hookpoint) !== null)
        ? line('lm_eval names layers as the model does, layers.N or, of GPT-2 and GPT-Neo, h.N; saeval takes both')
        : []),
    ]
  },
  bytes: ({ entries, modelType }) =>
    torchBytes(new Map(entries.map((entry) => [moduleOf(entry, modelType), fieldsOf(entry)]))),
}

/** Families whose list of layers is named h. */
const ofH = ['gpt2', 'gpt_neo']

/** The module by its name in the model without its head, where lm_eval looks it up (model.base_model). */
function moduleOf({ hookpoint }: SteeredEntry, modelType: string | null): string {
  const layer = residualLayer(hookpoint)
  if (layer !== null && modelType !== null) return `${ofH.includes(modelType) ? 'h' : 'layers'}.${layer}`
  if (layer !== null && hookpoint.startsWith('blocks.')) return layerModule(layer)
  return /(?:^|\.)((?:layers|h)\.\d+(?:\..+)?)$/.exec(hookpoint)?.[1] ?? hookpoint
}

function fieldsOf({ change, head }: SteeredEntry): ReadonlyMap<string, TorchValue> {
  if (change.action !== 'add' && change.action !== 'project_clamp') throw new Error(`${change.action} is no field`)
  const vector = (values: Float32Array) => ({ shape: [values.length], values })
  const bias = change.action === 'project_clamp' ? change.origin : null
  return new Map<string, TorchValue>([
    ['steering_vector', vector(change.vector)],
    ['steering_coefficient', change.coefficient],
    ['action', change.action === 'add' ? 'add' : 'clamp'],
    ['bias', bias === null ? null : vector(bias)],
    ['head_index', head === null ? null : { int: head }],
  ])
}
