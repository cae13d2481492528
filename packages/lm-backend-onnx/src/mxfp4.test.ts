import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadModel } from '@saeval/lm-backend-onnx'
import { describe, expect, it } from 'vitest'
import { demoFolder, temporaryFolder } from '../../../tests/fixtures.js'
import { testDevice } from '../../../tests/test-device.js'

const config = {
  model_type: 'gpt_oss',
  vocab_size: 1280,
  hidden_size: 64,
  num_hidden_layers: 2,
  num_attention_heads: 3,
  num_key_value_heads: 1,
  head_dim: 8,
  intermediate_size: 32,
  num_local_experts: 3,
  num_experts_per_tok: 2,
  max_position_embeddings: 64,
  sliding_window: 4,
}
const { vocab_size: V, hidden_size: d, intermediate_size: f, num_local_experts: E } = config

interface Tensor {
  readonly dtype: 'F32' | 'U8'
  readonly shape: readonly number[]
  readonly data: Float32Array | Uint8Array
}

/** The same numbers at every run. */
function generator(): () => number {
  let state = 7
  return () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    return state / 2 ** 32
  }
}

function writeSafetensors(path: string, tensors: Readonly<Record<string, Tensor>>): void {
  let offset = 0
  const header = Object.fromEntries(
    Object.entries(tensors).map(([name, { dtype, shape, data }]) => {
      const start = offset
      offset += data.byteLength
      return [name, { dtype, shape, data_offsets: [start, offset] }]
    }),
  )
  const text = Buffer.from(JSON.stringify(header))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(text.length))
  const bodies = Object.values(tensors).map(({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength))
  writeFileSync(path, Buffer.concat([length, text, ...bodies]))
}

/** transformers' integrations/mxfp4.py: table of 4-bit numbers, lower half of each byte first, times 2^(scale - 127), transposed. */
function unpacked(blocks: Uint8Array, scales: Uint8Array, rows: number, columns: number): Float32Array {
  const table = [0, 0.5, 1, 1.5, 2, 3, 4, 6]
  const value = (code: number) => (code < 8 ? 1 : -1) * table[code % 8]!
  const out = new Float32Array(E * columns * rows)
  for (let e = 0; e < E; e++) {
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const at = (e * rows + row) * columns + column
        const byte = blocks[at >> 1]!
        const code = column % 2 === 0 ? byte & 15 : byte >> 4
        out[(e * columns + column) * rows + row] = value(code) * 2 ** (scales[at >> 5]! - 127)
      }
    }
  }
  return out
}

/** One model twice: experts packed, and written out. */
function writeModels(folder: string): { packed: string; full: string } {
  const uniform = generator()
  const floats = (shape: readonly number[], size = 1): Tensor => {
    const length = shape.reduce((product, n) => product * n, 1)
    return { dtype: 'F32', shape, data: Float32Array.from({ length }, () => size * (2 * uniform() - 1)) }
  }
  const bytes = (shape: readonly number[], from: number, to: number): Tensor & { data: Uint8Array } => {
    const length = shape.reduce((product, n) => product * n, 1)
    return { dtype: 'U8', shape, data: Uint8Array.from({ length }, () => from + uniform() * (to - from)) }
  }
  const shared: Record<string, Tensor> = {
    'model.embed_tokens.weight': floats([V, d]),
    'model.norm.weight': floats([d]),
    'lm_head.weight': floats([V, d], 0.3),
  }
  const packed: Record<string, Tensor> = {}
  const full: Record<string, Tensor> = {}
  for (let layer = 0; layer < config.num_hidden_layers; layer++) {
    const at = `model.layers.${layer}`
    const width = config.num_attention_heads * config.head_dim
    for (const norm of ['input_layernorm', 'post_attention_layernorm']) shared[`${at}.${norm}.weight`] = floats([d])
    for (const [name, out, input] of [
      ['q', width, d],
      ['k', config.head_dim, d],
      ['v', config.head_dim, d],
      ['o', d, width],
    ] as const) {
      shared[`${at}.self_attn.${name}_proj.weight`] = floats([out, input], 0.3)
      shared[`${at}.self_attn.${name}_proj.bias`] = floats([out], 0.3)
    }
    shared[`${at}.self_attn.sinks`] = floats([config.num_attention_heads])
    shared[`${at}.mlp.router.weight`] = floats([E, d], 0.3)
    shared[`${at}.mlp.router.bias`] = floats([E])
    for (const [name, rows, columns] of [
      ['gate_up_proj', 2 * f, d],
      ['down_proj', d, f],
    ] as const) {
      const experts = `${at}.mlp.experts.${name}`
      shared[`${experts}_bias`] = floats([E, rows])
      const blocks = bytes([E, rows, columns / 32, 16], 0, 256)
      const scales = bytes([E, rows, columns / 32], 120, 127)
      packed[`${experts}_blocks`] = blocks
      packed[`${experts}_scales`] = scales
      full[experts] = {
        dtype: 'F32',
        shape: [E, columns, rows],
        data: unpacked(blocks.data, scales.data, rows, columns),
      }
    }
  }
  const write = (name: string, fields: object, tensors: Record<string, Tensor>) => {
    const home = join(folder, name)
    mkdirSync(home)
    writeFileSync(join(home, 'config.json'), JSON.stringify({ ...config, ...fields }))
    writeSafetensors(join(home, 'model.safetensors'), { ...shared, ...tensors })
    for (const file of ['tokenizer.json', 'tokenizer_config.json'])
      copyFileSync(join(demoFolder, 'model', file), join(home, file))
    return home
  }
  return {
    packed: write('packed', { quantization_config: { quant_method: 'mxfp4' } }, packed),
    full: write('full', {}, full),
  }
}

describe('experts in MXFP4', () => {
  it('compute what the numbers they stand for compute', async () => {
    const { packed, full } = writeModels(temporaryFolder())
    const ids = Array.from({ length: 20 }, (_, i) => (i * 37) % V)
    const compute = async (folder: string) => {
      const model = await loadModel({ model: folder, device: testDevice })
      const [logits] = await model.lastLogits(ids, [[]])
      await model.close()
      return { logits: logits!, numParameters: model.info.numParameters }
    }
    const [a, b] = [await compute(packed), await compute(full)]
    expect(a.numParameters).toBe(b.numParameters)
    const largest = b.logits.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
    expect(largest).toBeGreaterThan(0.5)
    const distance = b.logits.reduce((most, value, i) => Math.max(most, Math.abs(value - a.logits[i]!)), 0)
    expect(distance).toBeLessThanOrEqual(1e-5 * largest)
    // bytes that the configuration does not speak of are no weights
    writeFileSync(join(packed, 'config.json'), JSON.stringify(config))
    await expect(loadModel({ model: packed, device: 'cpu' })).rejects.toThrow(
      /no tensor model\.layers\.0\.mlp\.experts\.gate_up_proj/,
    )
  })
})
