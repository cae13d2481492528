import { InputError } from '@saeval/hub'
import { describe, expect, it } from 'vitest'
import type { VirtualFile } from '../../../hub/src/fake-hub.testing.js'
import { findSae, releases, type SaeConfig } from '../index.js'
import { loaders } from '../loaders/formats.js'
import type { SaePlace } from '../loaders/sae-place.js'
import { type MadeArrays, madeNpz, madeSafetensors, madeTorch, memorySource } from '../loaders/weights.testing.js'
import { isSameModel } from './base-models.js'

// every SAE of the registry is opened with its real name and path, over weights of [2, 4]

const m = (...shape: number[]) => ({ dtype: 'F32' as const, shape })
const native = { W_enc: m(2, 4), W_dec: m(4, 2), b_enc: m(4), b_dec: m(2) }
const gemma = { w_enc: m(2, 4), w_dec: m(4, 2), b_enc: m(4), b_dec: m(2), threshold: m(4) }
const linear = (encoder: string, decoder: string): MadeArrays => ({
  [`${encoder}.weight`]: m(4, 2),
  [`${encoder}.bias`]: m(4),
  [`${decoder}.weight`]: m(2, 4),
  [`${decoder}.bias`]: m(2),
})
const attention = (name: string, out: number) => ({
  [`attn_layers.0.${name}.weight`]: m(out, 4),
  [`attn_layers.0.${name}.bias`]: m(out),
})

/** A loader's weights file by its path. */
const weights: Readonly<Record<string, (path: string) => VirtualFile>> = {
  sae_lens: () => madeSafetensors(native),
  connor_rob_hook_z: () => madeTorch(native),
  gemma_2: () => madeNpz(gemma),
  gemma_2_transcoder: () => madeNpz(gemma),
  gemma_3: (path) => madeSafetensors(path.includes('affine') ? { ...gemma, affine_skip_connection: m(2, 2) } : gemma),
  llama_scope: () => madeSafetensors(linear('encoder', 'decoder')),
  llama_scope_r1_distill: () => madeSafetensors({ ...linear('encoder', 'decoder'), log_jumprelu_threshold: m(4) }),
  dictionary_learning_1: () => madeTorch({ ...linear('encoder', 'decoder'), b_dec: m(2) }),
  deepseek_r1: () => madeTorch(linear('encoder', 'decoder')),
  goodfire: () => madeTorch(linear('encoder_linear', 'decoder_linear')),
  qwen_scope: () => madeTorch({ W_enc: m(4, 2), W_dec: m(2, 4), b_enc: m(4), b_dec: m(2) }),
  mwhanna_transcoder: () => madeSafetensors({ W_enc: m(4, 2), W_dec: m(4, 2), b_enc: m(4), b_dec: m(2) }),
  mntss_clt_layer_transcoder: (path) => {
    const layer = /_(\d+)\./.exec(path)![1]
    return path.startsWith('W_enc')
      ? madeSafetensors({ [`W_enc_${layer}`]: m(4, 2), [`b_enc_${layer}`]: m(4), [`b_dec_${layer}`]: m(2) })
      : madeSafetensors({ [`W_dec_${layer}`]: m(4, 3, 2) })
  },
  temporal: () =>
    madeSafetensors({
      D: m(4, 2),
      b: m(2),
      ...attention('q_target', 4),
      ...attention('k_ctx', 4),
      ...attention('v_ctx', 4),
      ...attention('c_proj', 4),
    }),
}

/** Configuration files by their name; what only a real file could tell is made up. */
const texts: readonly [file: RegExp, text: (path: string) => string | null][] = [
  [/cfg\.json$/, () => JSON.stringify({ hook_name: 'blocks.1.hook_resid_pre', act_name: 'blocks.1.attn.hook_z' })],
  [
    /hyperparams\.json$/,
    () =>
      JSON.stringify({
        hook_point_in: 'blocks.1.hook_resid_post',
        jump_relu_threshold: 0.1,
        dataset_average_activation_norm: { in: 1 },
      }),
  ],
  [/^gemma3:.*config\.json$/, () => null],
  [
    /config\.json$/,
    () =>
      JSON.stringify({
        hook_point_in: 'blocks.1.hook_resid_post',
        trainer: { dict_class: 'AutoEncoderTopK', k: 2, layer: 1, lm_name: 'x/y' },
      }),
  ],
  [
    /^mntss.*config\.yaml$/,
    () => 'model_name: gemma-2-2b\nfeature_input_hook: hook_resid_mid\nfeature_output_hook: hook_mlp_out',
  ],
  [/config\.yaml$/, () => null],
  [
    /conf\.yaml$/,
    () => 'sae: {n_heads: 1, n_attn_layers: 1, bottleneck_factor: 1, sae_diff_type: relu, scaling_factor: 0.1}',
  ],
]

function madePlace(repository: string, loader: string): SaePlace {
  const prefix = loader === 'gemma_3' ? 'gemma3:' : loader.startsWith('mntss') ? 'mntss:' : ''
  const textIfPresent = async (path: string) => texts.find(([file]) => file.test(prefix + path))?.[1](path) ?? null
  return {
    name: repository,
    root: repository,
    weights: () => [],
    open: async (path) => memorySource(weights[loader]!(path), path),
    text: async (path) => {
      const text = await textIfPresent(path)
      if (text === null) throw new InputError(`no ${path}`)
      return text
    },
    textIfPresent,
    identities: async () => [],
    close: async () => {},
  }
}

async function open(release: string, id: string): Promise<{ loader: string; config: SaeConfig }> {
  const reference = findSae(release, id)
  const { repository } = reference.place as { repository: string }
  const { config } = await loaders[reference.loader]!(reference, madePlace(repository, reference.loader))
  return { loader: reference.loader, config }
}

describe('every SAE of the registry', () => {
  it('opens; where names tell, with the hook points, architectures and models that SAELens gives it', async () => {
    const counts: Record<string, number> = {}
    const count = (key: string) => {
      counts[key] = (counts[key] ?? 0) + 1
    }
    const otherModels: Record<string, number> = {}
    for (const { release, model, loader, saes } of releases().values()) {
      for (const { id } of saes) {
        const { config } = await open(release, id)
        const kind = (hookPoint: string) => hookPoint.replace(/^blocks\.\d+\./, '')
        const places = config.hookPointOut === config.hookPoint ? '' : ` -> ${kind(config.hookPointOut)}`
        count(`${loader}: ${kind(config.hookPoint)}${places}`)
        if (loader.startsWith('gemma')) count(`${loader}: ${config.architecture}`)
        const layer = /^blocks\.(\d+)\./.exec(config.hookPoint)?.[1]
        if (
          !['sae_lens', 'dictionary_learning_1', 'llama_scope', 'llama_scope_r1_distill', 'connor_rob_hook_z'].includes(
            loader,
          ) &&
          layer !== undefined
        )
          expect(`${id} `, release).toMatch(new RegExp(`(layer_?|blocks\\.)${layer}\\D`))
        if (loader !== 'dictionary_learning_1' && !isSameModel(config.modelName!, model))
          otherModels[release] = (otherModels[release] ?? 0) + 1
      }
    }
    // as SAELens 6.44 opens them; what follows from made-up configuration files is left out
    expect(counts).toMatchObject({
      'gemma_2: hook_resid_post': 1049,
      'gemma_2: hook_mlp_out': 888,
      'gemma_2: attn.hook_z': 888,
      'gemma_2: hook_embed': 8,
      'gemma_2: jumprelu': 2833,
      'gemma_2_transcoder: ln2.hook_normalized -> hook_mlp_out': 26,
      'gemma_2_transcoder: jumprelu_transcoder': 26,
      'gemma_3: hook_resid_post': 2024,
      'gemma_3: hook_mlp_out': 1604,
      'gemma_3: attn.hook_z': 1580,
      'gemma_3: mlp.hook_in -> hook_mlp_out': 3576,
      'gemma_3: jumprelu': 5208,
      'gemma_3: jumprelu_transcoder': 1782,
      'gemma_3: jumprelu_skip_transcoder': 1794,
      'dictionary_learning_1: hook_resid_post': 838,
      'qwen_scope: hook_resid_post': 544,
      'mwhanna_transcoder: mlp.hook_in -> hook_mlp_out': 208,
      'mntss_clt_layer_transcoder: hook_resid_mid -> hook_mlp_out': 26,
      'temporal: hook_resid_post': 3,
      'goodfire: hook_resid_post': 2,
      'deepseek_r1: hook_resid_post': 1,
    })
    const hookPoints = Object.entries(counts).filter(([key]) => key.includes('hook_'))
    expect(hookPoints.reduce((sum, [, number]) => sum + number, 0)).toBe(13_857)
    // the registry says the pretrained model for the first, the loader of the other one Llama 3.1
    expect(otherModels).toEqual({ 'gemma-scope-9b-it-res': 30, llama_scope_r1_distill: 96 })
  })
})
