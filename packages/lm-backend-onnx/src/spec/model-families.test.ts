import { describe, expect, it } from 'vitest'
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
const gpt2 = { model_type: 'gpt2', vocab_size: 100, n_embd: 24, n_head: 3, n_layer: 2, n_positions: 64 }

const gemma4 = { ...small, model_type: 'gemma4_text', head_dim: 8, global_head_dim: 16, hidden_size_per_layer_input: 0 }
const alternating = ['sliding_attention', 'full_attention', 'sliding_attention', 'full_attention']

const read = (fields: Record<string, unknown>): ModelSpec => modelSpec('config.json', JSON.stringify(fields))
const attention = (spec: ModelSpec, layer = 0): Attention => {
  const found = spec.layer(layer).attention
  if (found.kind !== 'softmax') throw new Error('not softmax attention')
  return found
}
const windows = (spec: ModelSpec) => Array.from({ length: spec.nLayers }, (_, layer) => attention(spec, layer).window)

describe('a configuration', () => {
  it.each([
    [{ ...small, model_type: 'llama', hidden_act: 'mish' }, /hidden_act is "mish"/],
    [{ ...small, model_type: 'llama', rope_scaling: { rope_type: 'axial' } }, /rope_scaling\.rope_type is "axial"/],
    [
      { ...small, model_type: 'llama', quantization_config: { quant_method: 'gptq' } },
      /quantization_config is \{.*gptq/,
    ],
    [{ ...small, model_type: 'gpt_oss', quantization_config: { quant_method: 'fp8' } }, /quant_method is "fp8"/],
    [{ ...small, model_type: 'gpt_oss', swiglu_limit: 5 }, /swiglu_limit is 5/],
    [
      { ...small, model_type: 'llama', layer_types: ['sliding_attention', 'a', 'b', 'c'] },
      /layer_types has "sliding_att/,
    ],
    [{ ...small, model_type: 'qwen3', layer_types: ['full_attention'] }, /layer_types has 1 entries for 4 layers/],
    [{ ...small, model_type: 'gemma2', hidden_activation: 'tanh' }, /hidden_activation is "tanh"/],
    [{ ...small, model_type: 'gemma3_text', use_bidirectional_attention: true }, /use_bidirectional_attention is true/],
    [
      { ...small, model_type: 'llama', num_attention_heads: 5, num_key_value_heads: 2 },
      /not a multiple of num_key_value/,
    ],
    [{ ...small, model_type: 'qwen3_moe', num_experts: 4, num_experts_per_tok: 5 }, /num_experts_per_tok is 5, but/],
    [{ ...small, model_type: 'qwen3_5_text', attn_output_gate: false }, /attn_output_gate is false/],
    [{ ...small, model_type: 'qwen3_5', text_config: { ...small, quantization_config: {} } }, /quantization_config is/],
    [{ ...small, model_type: 'gemma3' }, /text_config is missing/],
    [
      { ...small, model_type: 'llama', final_logit_softcapping: 30 },
      /final_logit_softcapping is 30, which a llama model/,
    ],
    [{ ...small, model_type: 'qwen3', mlp_bias: true }, /mlp_bias is true, which a qwen3 model/],
    [
      { ...small, model_type: 'llama', num_hidden_layers: 1e9 },
      /num_hidden_layers is 1000000000, expected at most 10000/,
    ],
    [{ ...small, model_type: 'llama', vocab_size: 1e12 }, /vocab_size is 1000000000000, expected at most 16777216/],
    [{ ...small, model_type: 'llama', head_dim: 2 ** 40 }, /head_dim is 1099511627776, expected at most/],
    [{ ...small, model_type: 'llama', rms_norm_eps: 1e308 }, /rms_norm_eps is 1e\+308, expected a number from 0 to 1/],
    [
      { ...small, model_type: 'gemma2', final_logit_softcapping: 0 },
      /final_logit_softcapping is 0, expected a number ab/,
    ],
    [{ ...small, model_type: 'llama', head_dim: 7 }, /rotary positions turn 7 of the 7 numbers of a head, expected at/],
    [
      {
        ...small,
        model_type: 'llama',
        rope_scaling: { rope_type: 'yarn', factor: 4, mscale: 1e308, mscale_all_dim: 1 },
      },
      /frequencies of its rotary positions are beyond float32/,
    ],
    [
      { ...small, model_type: 'gpt_neox', rotary_pct: 1e308 },
      /rotary_pct is 1e\+308, expected a number above 0, up to 1/,
    ],
    [{ ...small, model_type: 'constructor' }, /models of type "constructor" are not supported/],
    [{ ...small, model_type: 'x'.repeat(1000) }, /models of type "x{90,110}…/],
    [
      { ...small, model_type: 'gpt_neo', num_heads: 3, num_layers: 4, attention_types: [[[], 1e12]] },
      /attention_types is \[\[\[\],1000000000000\]\], expected lists/,
    ],
    [
      { ...small, model_type: 'gemma3', text_config: { ...small, logit_scale: 2 } },
      /text_config: logit_scale is 2, which/,
    ],
    [{ ...gpt2, rope_scaling: { type: 'linear', factor: 2 } }, /rope_scaling is \{.*which a gpt2 model/],
    [{ ...gpt2, add_cross_attention: true }, /add_cross_attention is true/],
    [{ ...gpt2, n_head: 5 }, /n_embd 24 is not a multiple of n_head 5/],
    [{ ...gpt2, n_layer: 1e12 }, /n_layer is 1000000000000, expected at most 10000 layers/],
    [{ ...small, model_type: 'llama', hidden_act: 'constructor' }, /hidden_act is "constructor", expected "gelu" or/],
    [{ ...small, model_type: 'qwen3', num_attention_heads: [3] }, /num_attention_heads is \[3\], expected a positive/],
    [{ ...small, model_type: 'constructor' }, /models of type "constructor" are not supported yet/],
    [{ ...small, model_type: 'phi3', rope_scaling: { rope_type: 'linear', factor: 2 } }, /rope_type of "longrope"/],
    [
      { ...small, model_type: 'phi3', rope_scaling: { type: 'su', short_factor: [1, 2], long_factor: [1, 2] } },
      /short_factor has 2 numbers for 4 pairs of a head/,
    ],
    [{ ...small, model_type: 'phi3', attention_bias: true }, /attention_bias is true/],
    [{ ...small, model_type: 'olmo2', clip_qkv: 8 }, /clip_qkv is 8, which a olmo2 model/],
    [
      { ...small, model_type: 'olmo2', layer_types: Array(4).fill('sliding_attention') },
      /layer_types has "sliding_att/,
    ],
    [{ ...small, model_type: 'smollm3', no_rope_layers: [1, 0] }, /no_rope_layers has 2 entries for 4 layers/],
    [{ ...small, model_type: 'smollm3', no_rope_layers: [1, 2, 1, 1] }, /no_rope_layers\[1\] is 2, expected 0 or 1/],
    [
      { ...small, model_type: 'smollm3', layer_types: Array(4).fill('sliding_attention'), sliding_window: 8 },
      /use_sliding_window is false or/,
    ],
    [{ ...gemma4, use_bidirectional_attention: 'all' }, /use_bidirectional_attention is "all"/],
    [{ ...gemma4, num_kv_shared_layers: 4 }, /num_kv_shared_layers is 4, but no layer before has sliding_attention/],
    [{ ...gemma4, num_kv_shared_layers: 2 }, /num_kv_shared_layers is 2, but no layer before has full_attention/],
    [{ ...gemma4, num_kv_shared_layers: -1 }, /num_kv_shared_layers is -1/],
    [{ ...gemma4, enable_moe_block: true, num_experts: 4 }, /top_k_experts is missing, which enable_moe_block/],
    [
      { ...gemma4, enable_moe_block: true, num_experts: 4, top_k_experts: 5, moe_intermediate_size: 8 },
      /top_k_experts is 5, but there are 4 experts/,
    ],
    [{ ...gemma4, per_layer_config: { 3: { sliding_window: 4 } } }, /per_layer_config\.3 has "sliding_window"/],
    [{ ...gemma4, per_layer_config: { 4: { head_dim: 4 } } }, /per_layer_config\.4 is no layer of the model/],
    [
      { ...gemma4, per_layer_config: { 3: { num_key_value_heads: 2 } } },
      /3 is not a multiple of the 2 key value heads of layer 3/,
    ],
    [
      { ...gemma4, layer_types: alternating, per_layer_config: { 1: { head_dim: 16 }, 3: { head_dim: 32 } } },
      /per_layer_config gives layers 1 and 3, both of full_attention, another head_dim each/,
    ],
    [
      { ...gemma4, per_layer_config: { 1: { num_key_value_heads: 3 } } },
      /layers 0 and 1, both of sliding_attention, another num_key_value_heads each/,
    ],
    [{ ...gemma4, model_type: 'gemma4_unified_text', hidden_size_per_layer_input: 8 }, /per_layer_input is 8/],
    [{ ...small, model_type: 'llama', num_kv_shared_layers: 2 }, /num_kv_shared_layers is 2, which a llama model/],
    [{ ...small, model_type: 'llama4_text', attention_chunk_size: null }, /attention_chunk_size is null, but layers/],
    [{ ...small, model_type: 'llama4_text', num_experts_per_tok: 17 }, /num_experts_per_tok is 17, but there are 16/],
    [{ ...small, model_type: 'llama4_text', no_rope_layers: [1] }, /no_rope_layers has 1 entries for 4 layers/],
    [{ ...small, model_type: 'mamba' }, /models of type "mamba" are not supported yet/],
  ])('that cannot be honoured is refused by its field: %j', (fields, message) => {
    expect(() => read(fields)).toThrow(message)
  })

  it('says how GPT-2 scales its attention', () => {
    expect(attention(read(gpt2), 1).scale).toBeCloseTo(8 ** -0.5, 12)
    expect(attention(read({ ...gpt2, scale_attn_weights: false }), 1).scale).toBe(1)
    expect(attention(read({ ...gpt2, scale_attn_by_inverse_layer_idx: true }), 1).scale).toBeCloseTo(8 ** -0.5 / 2, 12)
  })

  it('says which layers slide, and absent is not null', () => {
    const mistral = { ...small, model_type: 'mistral' }
    expect(windows(read(mistral))).toEqual([4096, 4096, 4096, 4096])
    expect(windows(read({ ...mistral, sliding_window: null }))).toEqual([null, null, null, null])
    expect(windows(read({ ...mistral, sliding_window: 7 }))).toEqual([7, 7, 7, 7])
    const qwen = { ...small, model_type: 'qwen2', sliding_window: 7, max_window_layers: 2 }
    expect(windows(read(qwen))).toEqual([null, null, null, null])
    expect(windows(read({ ...qwen, use_sliding_window: true }))).toEqual([null, null, 7, 7])
    const types = ['sliding_attention', 'full_attention', 'full_attention', 'sliding_attention']
    expect(windows(read({ ...qwen, use_sliding_window: true, layer_types: types }))).toEqual([7, null, null, 7])
    expect(windows(read({ ...small, model_type: 'gemma2', sliding_window: 9 }))).toEqual([9, null, 9, null])
    const gemma3 = { ...small, model_type: 'gemma3_text', sliding_window: 9, sliding_window_pattern: 3 }
    expect(windows(read(gemma3))).toEqual([9, 9, null, 9])
  })

  it('leaves out what equals the class: soft caps of Gemma 2, rope of gpt-oss', () => {
    const gemma2 = { ...small, model_type: 'gemma2' }
    expect(read(gemma2).finalSoftcap).toBe(30)
    expect(attention(read(gemma2)).softcap).toBe(50)
    expect(read({ ...gemma2, final_logit_softcapping: null }).finalSoftcap).toBeNull()
    expect(attention(read({ ...small, model_type: 'gpt_oss' })).rope).toMatchObject({
      theta: 150_000,
      scaling: { kind: 'yarn', factor: 32, originalMaxPositions: 4096, truncate: false },
    })
  })

  it('says which layers of SmolLM 3 have positions, and which of OLMo 3 slide', () => {
    const positions = (fields: Record<string, unknown>) => {
      const spec = read({ ...small, model_type: 'smollm3', ...fields })
      return Array.from({ length: 4 }, (_, layer) => attention(spec, layer).rope?.theta ?? null)
    }
    expect(positions({})).toEqual([2e6, 2e6, 2e6, null])
    expect(positions({ no_rope_layer_interval: 2 })).toEqual([2e6, null, 2e6, null])
    expect(positions({ no_rope_layers: [0, 1, 1, 1] })).toEqual([null, 2e6, 2e6, 2e6])
    const sliding = { ...small, model_type: 'smollm3', use_sliding_window: true, sliding_window: 8 }
    expect(windows(read(sliding))).toEqual([null, null, null, 8])
    const olmo = read({ ...small, model_type: 'olmo3', rope_theta: 1e4 })
    expect(windows(olmo)).toEqual([4096, 4096, 4096, null])
    // as in transformers, rope_theta is that of full layers alone
    expect([0, 3].map((layer) => attention(olmo, layer).rope?.theta)).toEqual([5e5, 1e4])
  })

  it('says which layers of Llama 4 have positions, chunks and experts', () => {
    const spec = read({ ...small, model_type: 'llama4_text', interleave_moe_layer_step: 2, no_rope_layers: [] })
    const all = [0, 1, 2, 3].map((layer) => attention(spec, layer))
    expect(all.map(({ chunk }) => chunk)).toEqual([8192, 8192, 8192, null])
    expect(all.map(({ rope }) => rope?.pairs ?? null)).toEqual(['neighbours', 'neighbours', 'neighbours', null])
    expect(all.map(({ temperature }) => temperature)).toEqual([
      null,
      null,
      null,
      { floor: 8192, strength: 0.1, first: 1 },
    ])
    expect([0, 1, 2, 3].map((layer) => spec.layer(layer).mlp.kind)).toEqual(['dense', 'experts', 'dense', 'experts'])
    const listed = read({ ...small, model_type: 'llama4_text', moe_layers: [0], attn_temperature_tuning: 4 })
    expect([0, 1].map((layer) => listed.layer(layer).mlp.kind)).toEqual(['experts', 'dense'])
    expect(attention(listed, 3).temperature).not.toBeNull()
  })

  it('reads both text models that Mistral 3 may hold, and lets queries of one grow', () => {
    const of = (model_type: string) => read({ model_type: 'mistral3', text_config: { ...small, model_type } })
    expect(attention(of('mistral')).temperature).toBeNull()
    expect(attention(of('ministral3')).temperature).toEqual({ floor: 16_384, strength: 0.1, first: 0 })
    expect(of('ministral3').prefixes[0]).toBe('language_model.model.')
    const rope_parameters = { rope_type: 'yarn', factor: 4, original_max_position_embeddings: 16 }
    expect(() => read({ ...small, model_type: 'ministral3', rope_parameters })).toThrow(
      /llama_4_scaling_beta is missing/,
    )
    expect(attention(read({ ...small, model_type: 'glm4' })).rope).toMatchObject({ pairs: 'neighbours', fraction: 0.5 })
  })

  it('gives Gemma 3 two rotary embeddings in both dialects', () => {
    const old = {
      ...small,
      model_type: 'gemma3_text',
      rope_theta: 1e6,
      rope_local_base_freq: 1e4,
      rope_scaling: { rope_type: 'linear', factor: 8 },
      sliding_window_pattern: 2,
    }
    const { rope_theta: _, rope_local_base_freq: __, rope_scaling: ___, ...rest } = old
    const parameters = {
      full_attention: { rope_type: 'linear', rope_theta: 1e6, factor: 8 },
      sliding_attention: { rope_type: 'default', rope_theta: 1e4 },
    }
    const now = read({ ...rest, rope_parameters: parameters })
    for (const layer of [0, 1]) expect(attention(now, layer)).toEqual(attention(read(old), layer))
    expect(attention(now, 0).rope).toEqual({ pairs: 'halves', theta: 1e4, fraction: 1, scaling: null })
    expect(attention(now, 1).rope).toEqual({
      pairs: 'halves',
      theta: 1e6,
      fraction: 1,
      scaling: { kind: 'linear', factor: 8 },
    })
  })

  it('that changes beyond its positions ends there', () => {
    expect(read({ ...small, model_type: 'llama' }).maxPositionsIsHard).toBe(false)
    expect(read(gpt2).maxPositionsIsHard).toBe(true)
    const dynamic = { rope_type: 'dynamic', factor: 2 }
    expect(read({ ...small, model_type: 'llama', rope_scaling: dynamic }).maxPositionsIsHard).toBe(true)
    const factors = { short_factor: [1, 1, 1, 2], long_factor: [2, 2, 2, 4] }
    for (const type of ['su', 'yarn', 'longrope']) {
      const long = read({
        ...small,
        model_type: 'phi3',
        max_position_embeddings: 8192,
        rope_scaling: { type, ...factors },
      })
      expect(long).toMatchObject({ maxPositions: 4096, maxPositionsIsHard: true })
    }
  })
})
