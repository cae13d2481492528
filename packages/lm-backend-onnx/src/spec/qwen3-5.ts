import { InputError } from '@saeval/hub'
import { count } from '@saeval/hub/checks'
import * as v from 'valibot'
import { decoderFields, decoderSizes, decoderSpec } from './decoder-spec.js'
import { family, withTowers } from './family.js'
import { readLayerTypes } from './layer-types.js'
import { linear, llamaAttention, llamaMlp, rmsNorm } from './llama-layer.js'
import type { DeltaNet, Experts, LayerSpec, Mlp, ModelSpec } from './model-spec.js'
import { expertFields, qwenExperts } from './qwen-experts.js'
import { type FieldsOf, flag, type ModelConfig, only, size } from './read-config.js'
import { readRope } from './rope.js'

const fields = {
  ...decoderFields,
  num_attention_heads: v.nullish(size, 16),
  num_key_value_heads: v.nullish(size, 4),
  vocab_size: v.nullish(size, 248_320),
  max_position_embeddings: v.nullish(size, 32_768),
  head_dim: v.nullish(size, 256),
  attention_bias: flag(false),
  hidden_act: only('silu'),
  attn_output_gate: only(true),
  full_attention_interval: v.nullish(count, 4),
  linear_num_key_heads: v.nullish(size, 16),
  linear_num_value_heads: v.nullish(size, 32),
  linear_key_head_dim: v.nullish(size, 128),
  linear_value_head_dim: v.nullish(size, 128),
  linear_conv_kernel_dim: v.nullish(size, 4),
}
type Fields = FieldsOf<typeof fields>

/** Qwen 3.5's text model: three layers of gated delta-net for each layer of gated softmax attention. */
export const qwen35Text = family({ ...fields, intermediate_size: size }, (f, config) =>
  qwen35Spec(config, f, (at) =>
    llamaMlp(at, { dModel: f.hidden_size, dMlp: f.intermediate_size, bias: false, activation: 'silu' }),
  ),
)

/** Qwen 3.5's text model with experts, one of them for every token. */
export const qwen35MoeText = family(
  {
    ...fields,
    ...expertFields({ count: 256, chosen: 8, dExpert: 512 }),
    num_key_value_heads: v.nullish(size, 2),
    shared_expert_intermediate_size: v.nullish(size, 512),
  },
  (f, config) =>
    qwen35Spec(config, f, (at) => {
      const { hidden_size: dModel, shared_expert_intermediate_size: dMlp } = f
      return {
        ...qwenExperts(config, f, at, 'all_renormalized'),
        shared: {
          mlp: llamaMlp(`${at}.shared_expert`, { dModel, dMlp, bias: false, activation: 'silu' }),
          gate: linear(`${at}.shared_expert_gate`, dModel, 1, false),
        },
      }
    }),
)

/** Qwen 3.5 with a vision tower: the text model inside; images are not part of it. */
export const qwen35 = withTowers(qwen35Text, { towers: /^(model\.)?visual\./ })

/** The same with experts. */
export const qwen35Moe = withTowers(qwen35MoeText, { towers: /^(model\.)?visual\./ })

function qwen35Spec(config: ModelConfig, f: Fields, mlp: (at: string) => Mlp | Experts): ModelSpec {
  const sizes = decoderSizes(config, f)
  const rope = readRope(config, f, { fraction: 0.25 })
  const allowed = ['linear_attention', 'full_attention'] as const
  const types = readLayerTypes(config, f.layer_types, f.num_hidden_layers, allowed, (layer) =>
    (layer + 1) % f.full_attention_interval === 0 ? 'full_attention' : 'linear_attention',
  )
  const fullAttention = (at: string) =>
    llamaAttention(at, {
      ...{ ...sizes, qkvBias: f.attention_bias, outputBias: f.attention_bias },
      queryKeyNorm: 'head',
      outputGate: true,
      rope,
      scale: sizes.dHead ** -0.5,
    })
  return decoderSpec(config, {
    ...sizes,
    norm: { ...sizes.norm, unitOffset: true },
    rowsAreTexts: types.includes('linear_attention'),
    layer: (index, at) => ({
      ...(types[index] === 'linear_attention' ? deltaNet(config, f, `${at}.linear_attn`) : fullAttention(at)),
      mlp: mlp(`${at}.mlp`),
    }),
    prefixes: ['model.language_model.', 'model.', 'language_model.', ''],
    // the part that predicts several tokens at once
    ignoredTensors: [/^mtp\./],
  })
}

function deltaNet(
  { file }: ModelConfig,
  f: Fields,
  at: string,
): Pick<LayerSpec, 'attentionOutput'> & { readonly attention: DeltaNet } {
  const { hidden_size: dModel, linear_num_key_heads: nKeyHeads, linear_num_value_heads: nValueHeads } = f
  if (nValueHeads % nKeyHeads !== 0)
    throw new InputError(
      `${file}: linear_num_value_heads ${nValueHeads} is not a multiple of linear_num_key_heads ${nKeyHeads}`,
    )
  const { linear_key_head_dim: dKey, linear_value_head_dim: dValue } = f
  const valueWidth = nValueHeads * dValue
  return {
    attention: {
      kind: 'delta_net',
      nKeyHeads,
      nValueHeads,
      dKey,
      dValue,
      qkv: linear(`${at}.in_proj_qkv`, dModel, 2 * nKeyHeads * dKey + valueWidth, false),
      kernel: f.linear_conv_kernel_dim,
      convolution: `${at}.conv1d.weight`,
      gate: linear(`${at}.in_proj_z`, dModel, valueWidth, false),
      beta: linear(`${at}.in_proj_b`, dModel, nValueHeads, false),
      decay: {
        linear: linear(`${at}.in_proj_a`, dModel, nValueHeads, false),
        log: `${at}.A_log`,
        bias: `${at}.dt_bias`,
      },
      norm: rmsNorm(`${at}.norm`),
    },
    attentionOutput: linear(`${at}.out_proj`, valueWidth, dModel, false),
  }
}
