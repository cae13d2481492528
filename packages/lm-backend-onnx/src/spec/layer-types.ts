import { InputError } from '@saeval/hub'
import { shown, text } from '@saeval/hub/checks'
import * as v from 'valibot'
import type { ModelConfig } from './read-config.js'

/** What layer_types may hold before the family's kinds are known. */
export const layerTypes = v.nullish(v.array(text, 'a list of texts'))

export type LayerType = 'full_attention' | 'sliding_attention' | 'chunked_attention' | 'linear_attention'

/**
 * What kind of attention each layer has: layer_types where the config has it, else the family's rule. Throws InputError for kinds
 * that the family does not have.
 */
export function readLayerTypes<Type extends LayerType>(
  { file }: ModelConfig,
  types: readonly string[] | null | undefined,
  nLayers: number,
  allowed: readonly Type[],
  byDefault: (layer: number) => Type,
): Type[] {
  if (types == null) return Array.from({ length: nLayers }, (_, layer) => byDefault(layer))
  if (types.length !== nLayers)
    throw new InputError(`${file}: layer_types has ${types.length} entries for ${nLayers} layers`)
  return types.map((type) => {
    const known = allowed.find((candidate) => candidate === type)
    if (known !== undefined) return known
    throw new InputError(`${file}: layer_types has ${shown(type)}, expected ${allowed.join(' or ')}`)
  })
}

/** The sliding window of each layer, null for full attention. Throws InputError where a layer slides and there is no window. */
export function layerWindows(
  { file }: ModelConfig,
  types: readonly LayerType[],
  window: number | null,
): (number | null)[] {
  if (window === null && types.includes('sliding_attention'))
    throw new InputError(
      `${file}: layer_types has "sliding_attention", but use_sliding_window is false or sliding_window null`,
    )
  return types.map((type) => (type === 'sliding_attention' ? window : null))
}
