import type { LayerSpec, ModelSpec } from '../spec/model-spec.js'
import { modelSteps, type Step } from './hook-sites.js'
import { cachedLayers } from './layer-cache.js'

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
  /** int64 [N]: index b * T + t of the hidden states wanted (last segment) */
  gather: 'gather',
  /** float32 [N, d_model]: residual stream before the final norm (last segment) */
  hidden: 'hidden',
  /** float32 [B, T, width]: a lane at a cut */
  lane: (lane: string, side: 'in' | 'out') => `${lane}.${side}`,
  /** float32 [B, T, width]: an activation from before the cut that an edit after it reads */
  carried: (hookPoint: string) => `carried.${hookPoint}`,
} as const

/** Which of tokens, positions, key positions, mask and lengths a graph of steps [from, to) takes. */
export function tokenInputs(spec: ModelSpec, from: number, to: number): Set<string> {
  const steps = modelSteps(spec).slice(from, to)
  const attending = cachedLayers(steps).map((index) => spec.layer(index))
  const needed = new Set<string>()
  if (steps.some((step) => step.part === 'embed')) needed.add(bodyNames.tokens)
  if (readsLearnedPositions(spec, steps) || attending.some(readsPositions)) needed.add(bodyNames.positions)
  if (attending.some(isWindowed)) needed.add(bodyNames.keyPositions)
  if (attending.some(({ attention }) => attention.kind === 'softmax')) needed.add(bodyNames.mask)
  if (attending.some(({ attention }) => attention.kind === 'delta_net')) needed.add(bodyNames.lengths)
  return needed
}

function isWindowed({ attention }: LayerSpec): boolean {
  return attention.kind === 'softmax' && attention.window !== null
}

function readsPositions(layer: LayerSpec): boolean {
  return isWindowed(layer) || (layer.attention.kind === 'softmax' && layer.attention.rope !== null)
}

function readsLearnedPositions(spec: ModelSpec, steps: readonly Step[]): boolean {
  return spec.embedding.positions !== null && steps.some((step) => step.part === 'enter' && step.layer === 0)
}
