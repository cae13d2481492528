import type { LayerNorms } from '@saeval/language-model'
import { describe, expect, it } from 'vitest'
import { hookPointOfModule } from './hook-module.js'

const kinds = ['hook_resid_post', 'hook_attn_out', 'hook_mlp_out', 'mlp.hook_in', 'attn.hook_z']
const hookPoints = ['hook_embed', ...kinds.map((kind) => `blocks.3.${kind}`)]

const llama = { afterAttention: null, beforeMlp: 'post_attention_layernorm', afterMlp: null }
const olmo = { afterAttention: 'post_attention_layernorm', beforeMlp: null, afterMlp: 'post_feedforward_layernorm' }
const gemma = { ...olmo, beforeMlp: 'pre_feedforward_layernorm' }

describe('a module', () => {
  it.each<[family: string, layerNorms: LayerNorms | undefined, places: Readonly<Record<string, string | null>>]>([
    ['llama', llama, { mlp: 'hook_mlp_out', self_attn: 'hook_attn_out', post_attention_layernorm: 'mlp.hook_in' }],
    ['gpt2', { ...llama, beforeMlp: 'ln_2' }, { ln_2: 'mlp.hook_in', post_attention_layernorm: null }],
    [
      'gemma2',
      gemma,
      {
        mlp: null,
        post_attention_layernorm: 'hook_attn_out',
        pre_feedforward_layernorm: 'mlp.hook_in',
        post_feedforward_layernorm: 'hook_mlp_out',
      },
    ],
    [
      'olmo2',
      olmo,
      {
        mlp: null,
        self_attn: null,
        'self_attn.o_proj': null,
        pre_feedforward_layernorm: null,
        post_attention_layernorm: 'hook_attn_out',
        post_feedforward_layernorm: 'hook_mlp_out',
      },
    ],
    ['other', undefined, { mlp: null, post_attention_layernorm: null }],
  ])('of %s is the hook point that sees its output', (family, layerNorms, places) => {
    const model = { family, hookPoints, ...(layerNorms === undefined ? {} : { layerNorms }) }
    expect(hookPointOfModule('model.layers.3', false, model)).toBe('blocks.3.hook_resid_post')
    expect(hookPointOfModule('model.layers.3.self_attn', true, model)).toBe('blocks.3.attn.hook_z')
    for (const [module, kind] of Object.entries(places)) {
      const found = () => hookPointOfModule(`model.layers.3.${module}`, false, model)
      if (kind === null) expect(found, module).toThrow('is no hook point of this model; of layer 3')
      else expect(found(), module).toBe(`blocks.3.${kind}`)
    }
  })
})
