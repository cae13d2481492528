import { InputError } from '@saeval/hub'
import { shown } from '@saeval/hub/checks'
import type { ModelConfig } from './read-config.js'

/**
 * Fields by which some architecture changes what is computed, with the values (beside null, false, 0 and empty lists) that change nothing.
 * transformers passes silently over those that a model's class does not know; a file that has one was written for other code.
 */
const meaningful: Readonly<Record<string, readonly unknown[]>> = {
  add_cross_attention: [],
  alibi: [],
  attention_k_eq_v: [],
  attention_bias: [],
  attention_chunk_size: [],
  attention_multiplier: [1],
  attn_logit_softcapping: [],
  attn_output_gate: [],
  attn_temperature_tuning: [],
  clip_qkv: [],
  embedding_multiplier: [1],
  enable_moe_block: [],
  final_logit_softcapping: [],
  hidden_size_per_layer_input: [],
  is_encoder_decoder: [],
  logit_scale: [1],
  logits_scaling: [1],
  mlp_bias: [],
  no_rope_layers: [],
  num_experts: [],
  num_kv_shared_layers: [],
  num_local_experts: [],
  partial_rotary_factor: [1],
  per_layer_config: [],
  qk_layernorm: [],
  query_pre_attn_scalar: [],
  residual_multiplier: [1],
  rope_scaling: [],
  scale_attn_by_inverse_layer_idx: [],
  use_bidirectional_attention: [],
  use_qk_norm: [],
}

/** Throws InputError for a field of another architecture, which is none of those that the family reads. */
export function refuseForeignFields({ file, modelType, fields }: ModelConfig, known: readonly string[]): void {
  for (const [field, neutral] of Object.entries(meaningful)) {
    const value = Object.hasOwn(fields, field) && !known.includes(field) ? fields[field] : null
    if (value === null || value === false || value === 0 || neutral.includes(value)) continue
    if (Array.isArray(value) && value.length === 0) continue
    throw new InputError(`${file}: ${field} is ${shown(value)}, which a ${modelType} model does not have`)
  }
}
