import { actionOfMethod, steerMethods } from '../../edits/neuronpedia-request.js'
import { residualLayer } from '../layer-place.js'
import { spared } from '../read-neuronpedia.js'
import type { SteeredEntry } from '../steered-entry.js'
import type { VectorWriter } from './vector-writer.js'

const methodOf = ({ change }: SteeredEntry) => steerMethods.find((method) => actionOfMethod[method] === change.action)
const isSpared = ({ positions }: SteeredEntry) => JSON.stringify(positions) === JSON.stringify(spared)

/** A steering request of Neuronpedia's inference server with hook vectors, without its prompt. */
export const neuronpediaWriter: VectorWriter = {
  name: 'Neuronpedia',
  ends: ['.json'],
  refuses: (entry) => {
    const { head, keepsNorm, positions } = entry
    if (methodOf(entry) === undefined)
      return `${entry.record.action}: it holds ${Object.values(actionOfMethod).join(', ')}`
    if (head !== null) return `head ${head}: it holds vectors of whole activations`
    if (keepsNorm) return 'normalize: it does not keep the length of activations'
    if (positions && !isSpared(entry)) return 'the tokens at which it acts: it knows special tokens of the prompt alone'
    return hookOf(entry) === null
      ? `${entry.hookpoint}: its server steers hook_resid_pre, hook_resid_post and attn.hook_z`
      : null
  },
  refusesFile: ({ entries }) => {
    const other = entries.find((entry) => methodOf(entry) !== methodOf(entries[0]!))
    if (other !== undefined) return `${entries[0]!.change.action} and ${other.change.action}: it has one method for all`
    return entries.some((entry) => isSpared(entry) !== isSpared(entries[0]!))
      ? 'tokens that differ from vector to vector'
      : null
  },
  leaves: ({ path }) => [`${path}: a request has a prompt besides, and how its text is sampled`],
  bytes: ({ entries }) => {
    const request = {
      vectors: entries.map((entry) => ({
        steering_vector: 'vector' in entry.change ? [...entry.change.vector] : [],
        strength: entry.change.coefficient,
        hook: hookOf(entry),
      })),
      steer_method: methodOf(entries[0]!),
      strength_multiplier: 1,
      normalize_steering: false,
      steer_special_tokens: !isSpared(entries[0]!),
    }
    return new TextEncoder().encode(`${JSON.stringify(request)}\n`)
  },
}

function hookOf({ hookpoint }: SteeredEntry): string | null {
  const layer = residualLayer(hookpoint)
  if (layer !== null) return `blocks.${layer}.hook_resid_post`
  // the places that the inference server steers (endpoints/steer/completion.py)
  return /^blocks\.\d+\.(?:hook_resid_pre|attn\.hook_z)$/.test(hookpoint) ? hookpoint : null
}
