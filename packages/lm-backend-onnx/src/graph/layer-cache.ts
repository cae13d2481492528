import type { ModelSpec } from '../spec/model-spec.js'
import { keysLayer, type Step } from './hook-sites.js'

/** A tensor that a layer hands on from the tokens so far to the next ones; float32. */
export interface CacheTensor {
  /** "3.k": unique within the model. */
  readonly name: string
  /** Graph input. */
  readonly past: string
  /** Graph output. */
  readonly present: string
  /** Graph input: what is written into `past`. */
  readonly fresh: string
  /** Graph input of a graph whose rows share cached tokens: these, of one row. Only of a tensor that grows. */
  readonly shared: string
  /** Whether it has a place for every token, on axis 2; otherwise it is a state that is replaced. */
  readonly grows: boolean
  /** Shape of the input before any token; batch rows first. All zeros. */
  empty(rows: number): number[]
}

/** Layers whose cache a graph of these steps takes and returns: of a layer that attends to keys of an earlier one, that one's. */
export function cachedLayers(spec: ModelSpec, steps: readonly Step[]): number[] {
  const attending = steps.filter((step) => step.part === 'attention')
  return [...new Set(attending.map(({ layer }) => keysLayer(spec, layer)))]
}

/**
 * The cache of layers. Softmax attention: keys and values [B, n_kv_heads, tokens, d_head], which grow. Delta-net: the last inputs of its
 * convolution [B, kernel - 1, channels] and its state [B, n_value_heads, d_key, d_value], which do not.
 */
export function cacheTensors(spec: ModelSpec, layers: readonly number[]): CacheTensor[] {
  return layers.flatMap((layer) => {
    const { attention } = spec.layer(layer)
    const tensor = (which: string, grows: boolean, empty: readonly number[]): CacheTensor => ({
      name: `${layer}.${which}`,
      past: `past.${layer}.${which}`,
      present: `present.${layer}.${which}`,
      fresh: `fresh.${layer}.${which}`,
      shared: `shared.${layer}.${which}`,
      grows,
      empty: (rows) => [rows, ...empty],
    })
    if (attention.kind === 'softmax') {
      return ['k', 'v'].map((which) => tensor(which, true, [attention.nKvHeads, 0, attention.dHead]))
    }
    const { qkv, kernel, nValueHeads, dKey, dValue } = attention
    return [
      tensor('convolution', false, [kernel - 1, qkv.outFeatures]),
      tensor('state', false, [nValueHeads, dKey, dValue]),
    ]
  })
}
