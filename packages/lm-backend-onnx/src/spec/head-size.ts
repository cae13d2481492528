import { InputError } from '@saeval/hub'
import { shown } from '@saeval/hub/checks'
import type { HeadSize } from '@saeval/sae-core'
import type { LayerSpec, ModelSpec } from './model-spec.js'

/** Size of one head of each layer's attn.hook_z; see HeadSize. */
export function headSize(spec: Pick<ModelSpec, 'nLayers' | 'layer'>): HeadSize {
  const sizes = Array.from({ length: spec.nLayers }, (_, index) => sizeIn(spec.layer(index)))
  if (new Set(sizes).size === 1) return sizes[0]!
  return (hookPoint) => {
    const size = sizes[Number(/^blocks\.(\d+)\./.exec(hookPoint)?.[1])]
    if (size === undefined) throw new InputError(`${shown(hookPoint)} is in no layer of the model`)
    return size
  }
}

function sizeIn({ attention }: LayerSpec): number {
  return attention.kind === 'softmax' ? attention.dHead : attention.dValue
}
