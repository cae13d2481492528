import { InputError } from '@saeval/hub'
import type { ModelConfig } from './read-config.js'

export type LayerType = 'full_attention' | 'sliding_attention' | 'linear_attention'

/**
 * What kind of attention each layer has: layer_types where the config has it, else the family's rule. Throws InputError for kinds
 * that the family does not have.
 */
export function readLayerTypes<Type extends LayerType>(
  config: ModelConfig,
  nLayers: number,
  allowed: readonly Type[],
  byDefault: (layer: number) => Type,
): Type[] {
  const types = config.strings('layer_types')
  if (types === null) return Array.from({ length: nLayers }, (_, layer) => byDefault(layer))
  if (types.length !== nLayers)
    throw new InputError(`${config.file}: layer_types has ${types.length} entries for ${nLayers} layers`)
  return types.map((type) => {
    const known = allowed.find((candidate) => candidate === type)
    if (known !== undefined) return known
    throw new InputError(`${config.file}: layer_types has "${type}", expected ${allowed.join(' or ')}`)
  })
}
