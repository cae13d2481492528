import type { VirtualFile } from '../../../hub/src/fake-hub.testing.js'
import { type MadeArray, madeNpz, madeSafetensors, madeTorch } from './weights.testing.js'

/** The latent whose decoder row holds numbers. */
export const latent = 4321
/** Numbers of a decoder row. */
export const row = (width: number) => Float32Array.from({ length: width }, (_, i) => Math.fround(Math.sin(i + 1)))

/** A matrix [rows, columns] that is zero but for row `index`. */
export function withRow(dtype: 'F32' | 'BF16', rows: number, columns: number, index = latent): MadeArray {
  const values = row(columns)
  const bytes =
    dtype === 'F32'
      ? Buffer.from(values.buffer)
      : Buffer.from(Uint16Array.from(new Uint32Array(values.buffer), (bits) => bits >>> 16).buffer)
  return { dtype, shape: [rows, columns], data: { at: index * bytes.length, bytes } }
}
/** A vector of zeros. */
export const vector = (size: number, dtype: 'F32' | 'BF16' = 'F32'): MadeArray => ({ dtype, shape: [size] })
/** A matrix of zeros. */
export const matrix = (rows: number, columns: number, dtype: 'F32' | 'BF16' = 'F32'): MadeArray => ({
  dtype,
  shape: [rows, columns],
})

/** An SAE of a format, and what its decoder row takes. */
export interface Case {
  /** As docs/sae-formats.md names it. */
  format: string
  release: string
  id: string
  files: Record<string, VirtualFile | object | string>
  /** Of the row that add reads. */
  dOut: number
}

/** Configuration of a trainer of dictionary_learning. */
export const trainer = { dict_class: 'MatryoshkaBatchTopKSAE', layer: 12, lm_name: 'google/gemma-2-2b' }
/** Configuration of an SAE by SAELens. */
export const nativeConfig = {
  architecture: 'standard',
  hook_name: 'blocks.8.hook_resid_pre',
  model_name: 'gpt2-small',
  d_in: 768,
  d_sae: 24576,
}

/** One SAE of each format, as large as the real one. */
export const cases: Case[] = [
  {
    format: '`sae_lens`',
    release: 'gpt2-small-res-jb',
    id: 'blocks.8.hook_resid_pre',
    files: {
      'blocks.8.hook_resid_pre/cfg.json': nativeConfig,
      'blocks.8.hook_resid_pre/sae_weights.safetensors': madeSafetensors({
        W_enc: matrix(768, 24576),
        W_dec: withRow('F32', 24576, 768),
        b_enc: vector(24576),
        b_dec: vector(768),
      }),
    },
    dOut: 768,
  },
  {
    format: '`gemma_2`',
    release: 'gemma-scope-2b-pt-res-canonical',
    id: 'layer_20/width_16k/canonical',
    files: { 'layer_20/width_16k/average_l0_71/params.npz': gemmaParameters(2304, 16384) },
    dOut: 2304,
  },
  {
    format: '`gemma_2`, 1m',
    release: 'gemma-scope-2b-pt-res',
    id: 'layer_12/width_1m/average_l0_107',
    files: { 'layer_12/width_1m/average_l0_107/params.npz': gemmaParameters(2304, 1048576) },
    dOut: 2304,
  },
  {
    format: '`gemma_2_transcoder`',
    release: 'gemma-scope-2b-pt-transcoders',
    id: 'layer_5/width_16k/average_l0_87',
    files: { 'layer_5/width_16k/average_l0_87/params.npz': gemmaParameters(2304, 16384) },
    dOut: 2304,
  },
  {
    format: '`gemma_3`',
    release: 'gemma-scope-2-1b-pt-res',
    id: 'layer_13_width_16k_l0_medium',
    files: {
      'resid_post/layer_13_width_16k_l0_medium/params.safetensors': madeSafetensors({
        w_enc: matrix(1152, 16384),
        w_dec: withRow('F32', 16384, 1152),
        b_enc: vector(16384),
        b_dec: vector(1152),
        threshold: vector(16384),
      }),
    },
    dOut: 1152,
  },
  {
    format: '`dictionary_learning_1`, Matryoshka',
    release: 'saebench_gemma-2-2b_width-2pow12_date-0108',
    id: 'blocks.12.hook_resid_post__trainer_0',
    files: {
      'MatryoshkaBatchTopK_gemma-2-2b__0108/resid_post_layer_12/trainer_0/config.json': { trainer },
      'MatryoshkaBatchTopK_gemma-2-2b__0108/resid_post_layer_12/trainer_0/ae.pt': madeTorch({
        k: { dtype: 'I64', shape: [] },
        threshold: { dtype: 'F32', shape: [] },
        W_enc: { ...matrix(2304, 16384), strides: [1, 2304] },
        b_enc: vector(16384),
        W_dec: withRow('F32', 16384, 2304),
        b_dec: vector(2304),
      }),
    },
    dOut: 2304,
  },
  {
    format: '`connor_rob_hook_z`',
    release: 'gpt2-small-hook-z-kk',
    id: 'blocks.1.hook_z',
    files: {
      'gpt2-small_L1_Hcat_z_lr1.20e-03_l18.00e-01_ds24576_bs4096_dc1.00e-06_rsanthropic_rie25000_nr4_v5_cfg.json': {
        act_name: 'blocks.1.attn.hook_z',
      },
      'gpt2-small_L1_Hcat_z_lr1.20e-03_l18.00e-01_ds24576_bs4096_dc1.00e-06_rsanthropic_rie25000_nr4_v5.pt': madeTorch({
        W_enc: matrix(768, 24576),
        W_dec: withRow('F32', 24576, 768),
        b_enc: vector(24576),
        b_dec: vector(768),
      }),
    },
    dOut: 768,
  },
  {
    format: '`mwhanna_transcoder`',
    release: 'mwhanna-qwen3-4b-transcoders',
    id: 'layer_2',
    files: {
      'config.yaml': 'model_name: Qwen/Qwen3-4B\n',
      'layer_2.safetensors': madeSafetensors({
        W_enc: matrix(163840, 2560, 'BF16'),
        W_dec: withRow('BF16', 163840, 2560),
        b_enc: vector(163840, 'BF16'),
        b_dec: vector(2560, 'BF16'),
      }),
    },
    dOut: 2560,
  },
  {
    format: '`mntss_clt_layer_transcoder`',
    release: 'mntss-gemma-2-2b-2.5m-clt-as-per-layer',
    id: 'layer_20',
    files: {
      'config.yaml':
        'model_name: google/gemma-2-2b\nfeature_input_hook: hook_resid_mid\nfeature_output_hook: hook_mlp_out\n',
      'W_enc_20.safetensors': madeSafetensors({
        W_enc_20: matrix(98304, 2304, 'BF16'),
        b_enc_20: vector(98304, 'BF16'),
        b_dec_20: vector(2304, 'BF16'),
      }),
      'W_dec_20.safetensors': madeSafetensors({
        W_dec_20: { ...withRow('BF16', 98304 * 6, 2304, latent * 6), shape: [98304, 6, 2304] },
      }),
    },
    dOut: 2304,
  },
  {
    format: '`temporal`',
    release: 'temporal-sae-gemma-2-2b',
    id: 'blocks.12.hook_resid_post',
    files: {
      'gemma-2-2B/layer_12/temporal/conf.yaml':
        'sae:\n  n_heads: 4\n  n_attn_layers: 1\n  bottleneck_factor: 64\n  sae_diff_type: relu\n  scaling_factor: 0.00666\n',
      'gemma-2-2B/layer_12/temporal/latest_ckpt.safetensors': madeSafetensors({
        D: withRow('F32', 9216, 2304),
        b: vector(2304),
        ...linear('attn_layers.0.q_target', 144, 9216),
        ...linear('attn_layers.0.k_ctx', 144, 9216),
        ...linear('attn_layers.0.v_ctx', 9216, 9216),
        ...linear('attn_layers.0.c_proj', 9216, 9216),
      }),
    },
    dOut: 2304,
  },
  {
    format: 'sparsify',
    release: 'EleutherAI/sae-llama-3-8b-32x',
    id: 'layers.10',
    files: {
      'layers.10/cfg.json': { d_in: 4096, k: 192, expansion_factor: 32 },
      'layers.10/sae.safetensors': madeSafetensors({
        'encoder.weight': matrix(131072, 4096),
        'encoder.bias': vector(131072),
        W_dec: withRow('F32', 131072, 4096),
        b_dec: vector(4096),
      }),
    },
    dOut: 4096,
  },
]

function linear(name: string, out: number, input: number) {
  return { [`${name}.weight`]: matrix(out, input), [`${name}.bias`]: vector(out) }
}

/** params.npz of Gemma Scope. */
export function gemmaParameters(dIn: number, dSae: number): VirtualFile {
  return madeNpz({
    w_enc: matrix(dIn, dSae),
    w_dec: withRow('F32', dSae, dIn),
    b_enc: vector(dSae),
    b_dec: vector(dIn),
    threshold: vector(dSae),
  })
}
