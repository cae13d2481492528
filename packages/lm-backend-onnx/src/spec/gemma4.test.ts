import { headSizeAt } from '@saeval/sae-core'
import { describe, expect, it } from 'vitest'
import { keysLayer, modelSteps } from '../graph/hook-sites.js'
import { cachedLayers } from '../graph/layer-cache.js'
import { headSize } from './head-size.js'
import { modelSpec } from './model-families.js'
import type { Attention, ModelSpec } from './model-spec.js'

const small = {
  vocab_size: 100,
  hidden_size: 24,
  num_hidden_layers: 4,
  num_attention_heads: 3,
  num_key_value_heads: 1,
  intermediate_size: 40,
  max_position_embeddings: 64,
}
const gemma4 = { ...small, model_type: 'gemma4_text', head_dim: 8, global_head_dim: 16, hidden_size_per_layer_input: 0 }

const read = (fields: Record<string, unknown>): ModelSpec => modelSpec('config.json', JSON.stringify(fields))
const attention = (spec: ModelSpec, layer = 0): Attention => {
  const found = spec.layer(layer).attention
  if (found.kind !== 'softmax') throw new Error('not softmax attention')
  return found
}
const windows = (spec: ModelSpec) => Array.from({ length: spec.nLayers }, (_, layer) => attention(spec, layer).window)

describe('a configuration of Gemma 4', () => {
  it('gives heads of two widths in both dialects, and in all its model types alike', () => {
    const heads = (spec: ModelSpec) => [0, 3].map((layer) => attention(spec, layer)).map((a) => [a.nKvHeads, a.dHead])
    const equal = { ...gemma4, num_attention_heads: 4, num_key_value_heads: 4, attention_k_eq_v: true }
    const old = read({ ...equal, num_global_key_value_heads: 2 })
    expect(heads(old)).toEqual([
      [4, 8],
      [2, 16],
    ])
    const layers = { per_layer_config: { '03': { head_dim: 16, num_key_value_heads: 2 } } }
    const { global_head_dim: _, ...rest } = equal
    const layersOf = (spec: ModelSpec) => Array.from({ length: 4 }, (_, layer) => spec.layer(layer))
    expect(layersOf(read({ ...rest, ...layers }))).toEqual(layersOf(old))
    // without keys as values, the number of heads is one for all
    expect(heads(read({ ...equal, attention_k_eq_v: false, num_global_key_value_heads: 2 }))[1]).toEqual([4, 16])
    const unified = { ...rest, ...layers, model_type: 'gemma4_unified_text', sliding_window: 512 }
    expect(layersOf(read(unified))).toEqual(layersOf(old))
    const { model_type: __, ...inside } = unified
    const whole = read({ model_type: 'gemma4_unified', text_config: inside })
    expect(layersOf(whole)).toEqual(layersOf(old))
    expect(whole.prefixes[0]).toBe('model.language_model.')
    expect(whole.unembedding).toBe(whole.embedding.weight)
    const size = headSize(old)
    expect([0, 3].map((layer) => headSizeAt(size, `blocks.${layer}.attn.hook_z`))).toEqual([8, 16])
    expect(headSize(read({ ...small, model_type: 'llama' }))).toBe(8)
  })

  it('says whose keys a layer has, and which layers are wide', () => {
    const layer_types = ['sliding_attention', 'full_attention', 'sliding_attention', 'sliding_attention']
    const spec = read({ ...gemma4, layer_types, num_kv_shared_layers: 2, use_double_wide_mlp: true })
    expect([0, 1, 2, 3].map((layer) => keysLayer(spec, layer))).toEqual([0, 1, 0, 1])
    // the last one is a full layer, whatever the file says
    expect(windows(spec)).toEqual([512, null, 512, null])
    expect([1, 2].map((layer) => spec.layer(layer).attentionOutput.inFeatures)).toEqual([48, 24])
    const { mlp } = spec.layer(3)
    expect(mlp.kind === 'dense' && mlp.down.inFeatures).toBe(80)
    const lanes = modelSteps(spec).map(({ hookPoint, lanes }) => [
      hookPoint,
      [...lanes.keys()].filter((lane) => lane.includes('.')),
    ])
    const carried = Object.fromEntries(lanes)
    expect(carried['blocks.0.hook_resid_pre']).toEqual([])
    expect(carried['blocks.0.attn.hook_z']).toEqual(['keys.0', 'values.0'])
    expect(carried['blocks.2.hook_resid_pre']).toEqual(['keys.0', 'values.0', 'keys.1', 'values.1'])
    expect(carried['blocks.2.attn.hook_z']).toEqual(['keys.1', 'values.1'])
    expect(carried['blocks.3.attn.hook_z']).toEqual([])
    expect(cachedLayers(spec, modelSteps(spec))).toEqual([0, 1])
  })
})
