import { createHash } from 'node:crypto'
import type { PositionSelection, PositionTerm } from '@saeval/sae-core'
import type { VectorChange } from '@saeval/sae-core/internal/edits/vector-change'
import { type Algorithm, directed } from '../easysteer-payload.js'
import { residualLayer } from '../layer-place.js'
import { transposed } from '../low-rank-change.js'
import type { SteeredEntry } from '../steered-entry.js'
import { floatBytes, type VectorWriter } from './vector-writer.js'

const base64 = (values: Float32Array) => Buffer.from(floatBytes(values)).toString('base64')
const json = (value: unknown) => new TextEncoder().encode(`${JSON.stringify(value, null, 1)}\n`)

function refusesModules({ hookpoint, head }: SteeredEntry): string | null {
  if (head !== null) return `head ${head}: it holds vectors of whole activations`
  return residualLayer(hookpoint) === null ? `${hookpoint}: it holds outputs of layers` : null
}

/** SteeringVectors of vllm-lens, one for each entry, without compression. */
export const lensWriter: VectorWriter = {
  name: 'vllm-lens',
  ends: ['.json'],
  refuses: (entry) => {
    const { change, keepsNorm, positions } = entry
    if (change.action !== 'add' && change.action !== 'add_matched')
      return `${entry.record.action}: it holds vectors that are added`
    if (keepsNorm) return 'normalize: it does not keep the length of activations'
    if (positions && positionOf(positions) === null)
      return 'the tokens at which it acts: it holds single positions of the text'
    return refusesModules(entry)
  },
  leaves: () => [],
  bytes: ({ entries }) => json(entries.map(lensVector)),
}

function positionOf({ include, exclude }: PositionSelection): number | null {
  const [only] = include
  return include.length === 1 && exclude.length === 0 && typeof only === 'object' && 'at' in only ? only.at : null
}

function lensVector({ hookpoint, change, positions }: SteeredEntry): object {
  if (change.action !== 'add' && change.action !== 'add_matched') throw new Error('it adds no vector')
  const at = positions ? positionOf(positions) : null
  const { vector } = change
  return {
    activations: {
      data: base64(vector),
      dtype: 'float32',
      original_dtype: 'torch.float32',
      shape: at === null ? [1, vector.length] : [1, 1, vector.length],
    },
    layer_indices: [residualLayer(hookpoint)],
    scale: change.coefficient,
    norm_match: change.action === 'add_matched',
    position_indices: at === null ? null : [at],
  }
}

/** A SteeringSpec of EasySteer, its vectors as data, one after the other. */
export const easySteerWriter: VectorWriter = {
  name: 'EasySteer',
  ends: ['.json'],
  refuses: (entry) => {
    const { change, positions, keepsNorm } = entry
    const algorithm = algorithmOf(change, scaleOf(entry))
    if (algorithm === null)
      return `${entry.record.action}: it holds direct, erase, replace, linear, loreft and lm_steer`
    if (keepsNorm && !algorithmsWithNorm.includes(algorithm)) return `normalize of ${algorithm}`
    if (change.action === 'low_rank' && change.bias !== null) return 'a low-rank map with a bias: its lm_steer has none'
    if (positions && applyOf(positions) === null) return 'the tokens at which it acts'
    return refusesModules(entry)
  },
  leaves: () => [],
  bytes: ({ entries }) => json({ vectors: entries.map(easySteerVector), conflict: 'sequential' }),
}

/** The scale that EasySteer erases with, whose 1e-8 it sets against the scaled vector. */
function scaleOf({ record }: SteeredEntry): number {
  const { action, steering_coefficient: scale } = record
  return action === 'erase' && typeof scale === 'number' ? scale : 1
}

function algorithmOf(change: VectorChange, scale: number): Algorithm | null {
  switch (change.action) {
    case 'add':
      return 'direct'
    case 'replace':
    case 'linear':
    case 'loreft':
      return change.action
    case 'low_rank':
      return 'lm_steer'
    case 'project_scale':
      return change.coefficient === directed('erase', change.vector, scale).coefficient ? 'erase' : null
    default:
      return null
  }
}

function easySteerVector(entry: SteeredEntry): object {
  const { hookpoint, change, positions, keepsNorm } = entry
  const layer = residualLayer(hookpoint)!
  const algorithm = algorithmOf(change, scaleOf(entry))!
  return {
    data: payload(change, layer),
    algorithm,
    scale: algorithm === 'erase' ? scaleOf(entry) : change.coefficient,
    ...(algorithm === 'linear' || algorithm === 'lm_steer' ? { layers: [layer] } : {}),
    normalize: keepsNorm,
    apply: positions ? applyOf(positions) : { prompt: 'all', generation: 'all' },
  }
}

/** Algorithms that can keep the length of an activation. */
const algorithmsWithNorm: readonly Algorithm[] = ['direct', 'erase', 'replace']

type Tensors = readonly (readonly [name: string, shape: readonly number[], values: Float32Array])[]

function payload(change: VectorChange, layer: number): object {
  switch (change.action) {
    case 'linear': {
      const d = Math.round(Math.sqrt(change.weight.length))
      return wire('linear', [...optional('bias', change.bias), ['weight', [d, d], change.weight]], {})
    }
    case 'loreft': {
      const { rank, rotate, weight, bias } = change
      const d = rotate.length / rank
      const tensors: Tensors = [
        ...optional('learned_source_bias', bias),
        ['learned_source_weight', [rank, d], weight],
        ['rotate_layer', [d, rank], rotate],
      ]
      return wire('reft', tensors, { layer })
    }
    case 'low_rank': {
      const { rank, read, write } = change
      const shape = [rank, read.length / rank]
      const [projector1, projector2] = [read, write].map((values) => transposed({ shape, values }))
      const tensors: Tensors = [
        ['projector1', projector1!.shape, projector1!.values],
        ['projector2', projector2!.shape, projector2!.values],
      ]
      return wire('lowrank', tensors, {})
    }
    default:
      return wire('direction', [[`layer.${layer}`, [change.vector.length], change.vector]], {})
  }
}

function optional(name: string, values: Float32Array | null): Tensors {
  return values === null ? [] : [[name, [values.length], values]]
}

/** A payload with the hash that EasySteer knows it by: over kind, names, Python's text of the shapes, numbers and extras. */
function wire(kind: string, tensors: Tensors, extra: Readonly<Record<string, number>>): object {
  const hash = createHash('sha256').update(`${kind}:1`)
  for (const [name, shape, values] of tensors)
    hash
      .update(name)
      .update(shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`)
      .update(floatBytes(values))
  for (const [key, value] of Object.entries(extra)) hash.update(`${key}=${value}`)
  return {
    version: 1,
    kind,
    tensors: Object.fromEntries(tensors.map(([name, shape, values]) => [name, { shape, data: base64(values) }])),
    extra,
    sha256: hash.digest('hex'),
  }
}

/** A clause of EasySteer for a selection; null where there is none. */
function applyOf({ include, exclude }: PositionSelection): object | null {
  const clause: Record<string, unknown> = {}
  const add = (side: string, term: PositionTerm): boolean => {
    const said = clauseTerm(term)
    if (said === null) return false
    const [name, value] = said
    const key = `${side}${name}`
    // "all" has no twin that excludes, and a clause has one window of each kind
    if ((value === 'all' && side !== '') || (key in clause && !key.endsWith('_positions'))) return false
    clause[key] = key in clause ? [...(clause[key] as unknown[]), ...(value as unknown[])] : value
    return true
  }
  const isHeld = include.every((term) => add('', term)) && exclude.every((term) => add('exclude_', term))
  return isHeld ? clause : null
}

function clauseTerm(term: PositionTerm): [name: string, value: unknown] | null {
  if (term === 'prompt') return ['prompt', 'all']
  if (term === 'generated') return ['generation', 'all']
  if (term === 'last_prompt') return ['prompt_positions', [-1]]
  if (typeof term === 'string') return null
  if ('promptAt' in term) return ['prompt_positions', [term.promptAt]]
  if ('tokens' in term) return [`${term.of === 'prompt' ? 'prompt' : 'generation'}_tokens`, term.tokens]
  if ('steps' in term) {
    const [first, end] = term.steps
    return end === first + 1 ? ['generation_positions', [first]] : ['generation_window', term.steps]
  }
  if ('from' in term) {
    const { from, to } = term
    return from < 0 && (to ?? 0) === from + 1 ? ['prompt_positions', [from]] : ['prompt_window', [from, to]]
  }
  return null
}
