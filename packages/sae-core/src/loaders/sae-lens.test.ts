import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../../tests/fixtures.js'
import { findSae, openSae, type SaeFile } from '../index.js'
import { madeSafetensors } from './weights.testing.js'

const opened: SaeFile[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((sae) => sae.close()))
})

const m = (...shape: number[]) => ({ dtype: 'F32' as const, shape })
const weights = madeSafetensors({ W_enc: m(4, 6), W_dec: m(6, 4), b_enc: m(6), b_dec: m(4) })

/** Opens an SAE with this metadata, of the id `layer_3`; `beside` are files above its folder. */
async function open(metadata: object, config: object = {}, beside: Readonly<Record<string, string>> = {}) {
  const folder = temporaryFolder()
  const own = join(folder, 'layer_3')
  mkdirSync(own)
  for (const [name, text] of Object.entries(beside)) writeFileSync(join(folder, name), text)
  writeFileSync(join(own, 'cfg.json'), JSON.stringify({ architecture: 'standard', ...config, metadata }))
  writeFileSync(join(own, 'sae_weights.safetensors'), weights.subarray(0, weights.length))
  const sae = await openSae(findSae(folder, 'layer_3'))
  opened.push(sae)
  return sae.config
}

describe("an SAE of SAELens' training", () => {
  it.each([
    ['model.layers.10', 'Qwen/Qwen3-1.7B', 'blocks.10.hook_resid_post'],
    ['transformer.h.5.mlp', 'gpt2', 'blocks.5.hook_mlp_out'],
    ['gpt_neox.layers.0.attention', 'EleutherAI/pythia-70m', 'blocks.0.hook_attn_out'],
    ['model.embed_tokens', 'Qwen/Qwen3-1.7B', 'hook_embed'],
    ['model.layers.7', 'google/gemma-2-2b', 'blocks.7.hook_resid_post'],
    ['blocks.2.hook_resid_pre', 'gpt2', 'blocks.2.hook_resid_pre'],
  ])('through AutoModelForCausalLM reads the output of %s', async (hook_name, model_name, hookPoint) => {
    const fields = { model_class_name: 'AutoModelForCausalLM', model_name, hook_name, hook_name_out: hook_name }
    expect(await open(fields)).toMatchObject({ hookPoint, hookPointOut: hookPoint })
  })

  it.each([
    ['model.layers.7.mlp', 'google/gemma-2-2b'],
    ['model.layers.7.input_layernorm', 'Qwen/Qwen3-1.7B'],
    ['lm_head', 'gpt2'],
  ])('through AutoModelForCausalLM cannot read %s of %s', async (hook_name, model_name) => {
    await expect(open({ model_class_name: 'AutoModelForCausalLM', model_name, hook_name })).rejects.toThrow(
      `the output of the module "${hook_name}" of ${model_name} is no hook point; known are layers.N`,
    )
  })

  it('reads a LayerNorm after its weight and bias, unless they were folded', async () => {
    const transcoder = { architecture: 'transcoder', apply_b_dec_to_input: false }
    const reads = async (model_name: string, kwargs?: object) => {
      const hooks = { hook_name: 'blocks.3.ln2.hook_normalized', hook_name_out: 'blocks.3.hook_mlp_out' }
      const config = await open({ model_name, ...hooks, model_from_pretrained_kwargs: kwargs }, transcoder)
      expect(config.hookPointOut).toBe('blocks.3.hook_mlp_out')
      return config.hookPoint
    }
    for (const name of ['gpt2', 'openai-community/gpt2-xl', 'pythia-70m-deduped', 'roneneldan/TinyStories-33M'])
      expect(await reads(name)).toBe('blocks.3.mlp.hook_in')
    expect(await reads('gpt2', { fold_ln: false })).toBe('blocks.3.mlp.hook_in')
    expect(await reads('gpt2', { fold_ln: true })).toBe('blocks.3.ln2.hook_normalized')
    // RMSNorm's hook is before its weight
    expect(await reads('google/gemma-2-2b')).toBe('blocks.3.ln2.hook_normalized')
  })

  it("lies in a folder like a layer's file, whatever config.yaml is above", async () => {
    const metadata = { model_name: 'gpt2', hook_name: 'blocks.3.hook_resid_pre' }
    for (const yaml of ['lr: 0.1\n', 'not: [yaml', ''])
      expect(await open(metadata, {}, { 'config.yaml': yaml })).toMatchObject({ hookPoint: 'blocks.3.hook_resid_pre' })
    await expect(open(metadata, {}, { 'config.yaml': 'model_kind: transcoder_set\n' })).rejects.toThrow('config.yaml')
  })
})
