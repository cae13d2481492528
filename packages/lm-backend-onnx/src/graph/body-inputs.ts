import type { LayerSpec, ModelSpec } from '../spec/model-spec.js'
import { type HeadRope, ropeKey, ropesOf } from '../spec/rope-table.js'
import type { GraphForm } from './graph-form.js'
import { modelSteps } from './hook-sites.js'

/** Names of a body graph's inputs and outputs beside the cache. B = batch, T = new tokens, P = cached tokens, S = P + T. */
export const bodyNames = {
  /** int64 [B, T] */
  tokens: 'tokens',
  /** int64 [B, T]: position of each token in its own text */
  positions: 'positions',
  /** int64 [B, S]: positions of cached and new tokens (models with sliding windows) */
  keyPositions: 'key_positions',
  /** bool [1 or B, 1, T, S]: which keys a token may attend to, sliding windows aside */
  mask: 'mask',
  /** int64 [B]: new tokens of each row before its padding (models whose layers carry a state) */
  lengths: 'lengths',
  /** float32 [B, T] and [B, S]: positions and keyPositions, where they are compared as float32 */
  queryPlaces: 'query_places',
  keyPlaces: 'key_places',
  /** float32 [B, T, 1]: 1 for a row's tokens and 0 for its padding, instead of lengths */
  real: 'real',
  /** int64 [B, kernel - 1, 1]: places of each row's last tokens among those of the cache of a convolution and the new ones, instead of lengths */
  lastTokens: 'last_tokens',
  /** int64 [B, heads, 1, 3]: row, head and column of the cache that a token's keys and values are written to, where the graph writes them */
  cachePlaces: (heads: number) => `cache_places.${heads}`,
  /** float32 [positions, pairs]: cos and sin for each position, where they are tables; `rope` as in modelRopes */
  rotary: (rope: number, which: 'cos' | 'sin') => `rotary.${rope}.${which}`,
  /** int64 [N]: index b * T + t of the hidden states wanted (last segment) */
  gather: 'gather',
  /** float32 [N, d_model]: residual stream before the final norm (last segment) */
  hidden: 'hidden',
  /** float32 [B, T, width]: a lane at a cut */
  lane: (lane: string, side: 'in' | 'out') => `${lane}.${side}`,
  /** float32 [B, T, width]: an activation from before the cut that an edit after it reads */
  carried: (readFrom: string) => `carried.${readFrom}`,
} as const

/** The different rotary embeddings of a model, in order of its layers. */
export function modelRopes(spec: ModelSpec): readonly HeadRope[] {
  return ropesOf(Array.from({ length: spec.nLayers }, (_, layer) => spec.layer(layer)))
}

/** Which of the inputs that say where tokens stand a graph of steps [from, to) takes, the cache's places aside. */
export function tokenInputs(spec: ModelSpec, from: number, to: number, form: GraphForm): Set<string> {
  const steps = modelSteps(spec).slice(from, to)
  const attending = steps.filter((step) => step.part === 'attention').map((step) => spec.layer(step.layer))
  const needed = new Set<string>()
  const asNumbers = form.comparisons === 'float32'
  const isEntered = steps.some((step) => step.part === 'enter' && step.layer === 0)
  if (steps.some((step) => step.part === 'embed') || (isEntered && spec.layerInputs !== null))
    needed.add(bodyNames.tokens)
  const ropes = ropesOf(attending)
  const isNarrowed = attending.some(isNarrow)
  const comparesPlaces = isNarrowed || attending.some(hasTemperature)
  const readsLearned = isEntered && spec.embedding.positions !== null
  if (readsLearned || ropes.length > 0 || (comparesPlaces && !asNumbers)) needed.add(bodyNames.positions)
  if (comparesPlaces && asNumbers) needed.add(bodyNames.queryPlaces)
  if (isNarrowed) needed.add(asNumbers ? bodyNames.keyPlaces : bodyNames.keyPositions)
  if (attending.some(({ attention }) => attention.kind === 'softmax')) needed.add(bodyNames.mask)
  if (attending.some(({ attention }) => attention.kind === 'delta_net'))
    for (const name of asNumbers ? [bodyNames.real, bodyNames.lastTokens] : [bodyNames.lengths]) needed.add(name)
  if (form.rotary === 'tables') {
    const all = modelRopes(spec).map(ropeKey)
    for (const rope of ropes)
      for (const which of ['cos', 'sin'] as const) needed.add(bodyNames.rotary(all.indexOf(ropeKey(rope)), which))
  }
  return needed
}

function isNarrow({ attention }: LayerSpec): boolean {
  return attention.kind === 'softmax' && (attention.window !== null || attention.chunk !== null)
}

function hasTemperature({ attention }: LayerSpec): boolean {
  return attention.kind === 'softmax' && attention.temperature !== null
}
