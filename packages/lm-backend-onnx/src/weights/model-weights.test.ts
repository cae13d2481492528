import { describe, expect, it } from 'vitest'
import { modelSpec } from '../spec/model-families.js'
import type { ModelSpec } from '../spec/model-spec.js'
import { specTensors } from '../spec/spec-tensors.js'
import type { Checkpoint, StoredTensor } from './checkpoint.js'
import { matchWeights as match } from './model-weights.js'

const text = {
  vocab_size: 50,
  hidden_size: 24,
  num_hidden_layers: 2,
  num_attention_heads: 3,
  num_key_value_heads: 1,
  intermediate_size: 40,
  max_position_embeddings: 64,
}
const gpt2 = { model_type: 'gpt2', vocab_size: 50, n_embd: 24, n_head: 3, n_layer: 2, n_positions: 64 }
const read = (fields: Record<string, unknown>) => modelSpec('config.json', JSON.stringify(fields))
const matchWeights = (spec: ModelSpec, checkpoint: Checkpoint) => match(spec, checkpoint, 'model')

/** A checkpoint that holds a spec's tensors under the names that `rename` gives them. */
function checkpoint(spec: ModelSpec, rename: (name: string) => string, layout = (_: string) => false): Checkpoint {
  const tensors = new Map<string, StoredTensor>()
  let offset = 0
  for (const [name, shape] of specTensors(spec, layout)) {
    const byteLength = 4 * shape.reduce((product, size) => product * size, 1)
    const stored = rename(name)
    tensors.set(stored, { name: stored, type: 'float32', shape, location: 'model.safetensors', offset, byteLength })
    offset += byteLength
  }
  return { folder: '/', tensors }
}

const bodyUnder = (prefix: string, head: string) => (name: string) =>
  /^(lm_head|embed_out)\./.test(name) ? head + name : prefix + name

describe('a checkpoint', () => {
  it.each([
    ['gpt2', gpt2, '', ''],
    ['gpt2', gpt2, 'transformer.', ''],
    ['gpt2, untied', { ...gpt2, tie_word_embeddings: false }, 'transformer.', ''],
    ['llama', { ...text, model_type: 'llama' }, 'model.', ''],
    ['llama without a prefix', { ...text, model_type: 'llama' }, '', ''],
    ['gpt_neox', { ...text, model_type: 'gpt_neox' }, 'gpt_neox.', ''],
    ['gemma3', { model_type: 'gemma3', text_config: text }, 'language_model.model.', 'language_model.'],
    [
      'gemma3, untied',
      { model_type: 'gemma3', text_config: { ...text, tie_word_embeddings: false } },
      'language_model.model.',
      'language_model.',
    ],
    ['gemma3 of transformers 5', { model_type: 'gemma3', text_config: text }, 'model.language_model.', ''],
    [
      'gemma4',
      { model_type: 'gemma4', text_config: { ...text, num_kv_shared_layers: 0 } },
      'model.language_model.',
      '',
    ],
    ['llama4', { model_type: 'llama4', text_config: text }, 'language_model.model.', 'language_model.'],
    ['qwen3_5, untied', { model_type: 'qwen3_5', text_config: text }, 'model.language_model.', ''],
    ['qwen3_5 text alone', { ...text, model_type: 'qwen3_5_text' }, 'model.', ''],
  ])('is read under its prefix: %s', (_, fields, prefix, head) => {
    const spec = read(fields)
    const weights = matchWeights(spec, checkpoint(spec, bodyUnder(prefix, head)))
    expect(weights.tensor(spec.embedding.weight).name).toBe(prefix + spec.embedding.weight)
    const place = spec.unembedding === spec.embedding.weight ? prefix : head
    expect(weights.tensor(spec.unembedding).name).toBe(place + spec.unembedding)
  })

  it('may store experts one by one or stacked', () => {
    const spec = read({
      ...text,
      model_type: 'qwen3_moe',
      num_experts: 4,
      num_experts_per_tok: 2,
      moe_intermediate_size: 8,
    })
    expect(
      matchWeights(spec, checkpoint(spec, bodyUnder('model.', ''))).has('layers.0.mlp.experts.3.up_proj.weight'),
    ).toBe(true)
    const stacked = checkpoint(spec, bodyUnder('model.', ''), (name) => name.endsWith('experts.down_proj'))
    const weights = matchWeights(spec, stacked)
    const whole = weights.tensor('layers.1.mlp.experts.down_proj')
    expect(whole.shape).toEqual([4, 24, 8])
    expect(weights.slice('layers.1.mlp.experts.down_proj', 2)).toMatchObject({
      shape: [24, 8],
      offset: whole.offset + 2 * 4 * 24 * 8,
      byteLength: 4 * 24 * 8,
    })
  })

  it('must have every tensor, in its shape, and no other', () => {
    const spec = read({ ...text, model_type: 'llama' })
    const change = (edit: (tensors: Map<string, StoredTensor>) => void) => {
      const { folder, tensors } = checkpoint(spec, bodyUnder('model.', ''))
      const edited = new Map(tensors)
      edit(edited)
      return () => matchWeights(spec, { folder, tensors: edited })
    }
    const norm = 'model.layers.1.input_layernorm.weight'
    expect(change((tensors) => tensors.delete(norm))).toThrow(/no tensor model\.layers\.1\.input_layernorm\.weight/)
    expect(change((tensors) => tensors.set(norm, { ...tensors.get(norm)!, shape: [25] }))).toThrow(
      /has shape \[25\], but config\.json asks for \[24\]/,
    )
    const bias = 'model.layers.0.self_attn.q_proj.bias'
    expect(change((tensors) => tensors.set(bias, { ...tensors.get(norm)!, name: bias }))).toThrow(
      /q_proj\.bias has no place in a llama model/,
    )
    expect(change((tensors) => tensors.delete('model.embed_tokens.weight'))).toThrow(/not those of a llama model/)
  })
})
