import { residualLayer } from '../layer-place.js'
import type { SteeredEntry } from '../steered-entry.js'
import { type TorchValue, torchBytes } from './torch-bytes.js'
import { refusesAllButModuleEdits, refusesSecondEdits, type VectorWriter } from './vector-writer.js'

/** lm_eval's .pt: a dictionary from modules to what its model `steered` does to their outputs. */
export const torchWriter: VectorWriter = {
  name: 'torch',
  ends: ['.pt', '.pth'],
  refuses: refusesAllButModuleEdits,
  refusesFile: refusesSecondEdits(moduleOf),
  leaves: ({ path, entries }) =>
    entries.flatMap((entry) => {
      const module = moduleOf(entry)
      return /^(?:blocks\.|hook_)/.test(module)
        ? [`${path}: lm_eval takes names of modules, and ${module} is a hook point; saeval takes both`]
        : []
    }),
  bytes: ({ entries }) => torchBytes(new Map(entries.map((entry) => [moduleOf(entry), fieldsOf(entry)]))),
}

/** Outputs of layers are named as modules, which lm_eval finds. */
function moduleOf({ hookpoint }: SteeredEntry): string {
  const layer = hookpoint.startsWith('blocks.') ? residualLayer(hookpoint) : null
  return layer === null ? hookpoint : `layers.${layer}`
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
