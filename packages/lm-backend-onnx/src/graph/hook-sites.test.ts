import { describe, expect, it } from 'vitest'
import { layerNormsOf } from '../spec/layer-norms.js'
import { modelSpec } from '../spec/model-families.js'
import type { ModelSpec } from '../spec/model-spec.js'
import { absentHookPoint, modelSteps } from './hook-sites.js'

const small = {
  vocab_size: 100,
  hidden_size: 24,
  num_hidden_layers: 4,
  num_attention_heads: 3,
  num_key_value_heads: 1,
  intermediate_size: 40,
  max_position_embeddings: 64,
}
const gpt2 = { model_type: 'gpt2', vocab_size: 100, n_embd: 24, n_head: 3, n_layer: 2, n_positions: 64 }

const read = (fields: Record<string, unknown>): ModelSpec => modelSpec('config.json', JSON.stringify(fields))

describe('hook points', () => {
  const hooks = (spec: ModelSpec) => modelSteps(spec).map((step) => step.hookPoint)

  it('are in order of computation', () => {
    expect(hooks(read({ ...gpt2, n_layer: 1 }))).toEqual([
      'hook_embed',
      ...[
        'hook_resid_pre',
        'attn.hook_z',
        'hook_attn_out',
        'hook_resid_mid',
        'hook_mlp_in',
        'ln2.hook_normalized',
        'mlp.hook_in',
        'mlp.hook_pre',
        'mlp.hook_post',
        'hook_mlp_out',
        'hook_resid_post',
      ].map((hook) => `blocks.0.${hook}`),
    ])
  })

  it('that a model does not have are explained', () => {
    const neox = read({ ...small, model_type: 'gpt_neox' })
    expect(hooks(neox)).not.toContain('blocks.0.hook_resid_mid')
    expect(absentHookPoint(neox, 'blocks.0.hook_resid_mid')).toMatch(/side by side/)
    expect(hooks(read({ ...small, model_type: 'gpt_neox', use_parallel_residual: false }))).toContain(
      'blocks.0.hook_resid_mid',
    )
    const sparse = { ...small, model_type: 'qwen3_moe', num_experts: 4, num_experts_per_tok: 2, mlp_only_layers: [1] }
    expect(absentHookPoint(read(sparse), 'blocks.0.mlp.hook_post')).toMatch(/mixture of experts/)
    expect(hooks(read(sparse))).toContain('blocks.1.mlp.hook_post')
    expect(absentHookPoint(neox, 'blocks.9.hook_resid_mid')).toBeNull()
    const olmo = read({ ...small, model_type: 'olmo2' })
    expect(hooks(olmo)).not.toContain('blocks.0.ln2.hook_normalized')
    expect(absentHookPoint(olmo, 'blocks.0.ln2.hook_normalized')).toMatch(/without a norm before it/)
  })

  it('stand behind norms of these names', () => {
    const norms = (fields: object) => Object.values(layerNormsOf(read({ ...small, ...fields })))
    const [attention, before, after] = [
      'post_attention_layernorm',
      'pre_feedforward_layernorm',
      'post_feedforward_layernorm',
    ]
    for (const type of ['olmo2', 'olmo3']) expect(norms({ model_type: type })).toEqual([attention, null, after])
    for (const type of ['gemma2', 'gemma3_text'])
      expect(norms({ model_type: type })).toEqual([attention, before, after])
    for (const type of ['llama', 'gemma', 'qwen3', 'phi3', 'gpt_neox'])
      expect(norms({ model_type: type })).toEqual([null, attention, null])
    expect(norms(gpt2)).toEqual([null, 'ln_2', null])
  })

  it('have the width of their layer', () => {
    const spec = read({ ...small, model_type: 'qwen3_5_text', linear_num_key_heads: 2, linear_num_value_heads: 4 })
    const widths = modelSteps(spec).flatMap((step) => (step.hookPoint.endsWith('hook_z') ? [step.width] : []))
    expect(widths).toEqual([512, 512, 512, 768])
    expect(spec.rowsAreTexts).toBe(true)
  })
})
