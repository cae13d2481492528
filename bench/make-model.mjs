// Writes a model of given dimensions with random weights and a byte-level BPE tokenizer of the same vocabulary size, as a folder that
// `saeval --model_args pretrained=FOLDER` and transformers both open.
//
//   node bench/make-model.mjs FOLDER [--family gpt2|gemma2] [--layers 12] [--d_model 768] [--heads 12] [--kv_heads 12] [--d_head 64]
//                             [--d_mlp 3072] [--vocab 50257] [--positions 1024] [--dtype float32|bfloat16]
//
// Defaults are the dimensions of GPT-2 small, or of Gemma 2 2B with --family gemma2. Numbers are the same at every run.

import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const defaults = {
  gpt2: {
    layers: 12,
    d_model: 768,
    heads: 12,
    kv_heads: 12,
    d_head: 64,
    d_mlp: 3072,
    vocab: 50257,
    positions: 1024,
    dtype: 'float32',
  },
  gemma2: {
    layers: 26,
    d_model: 2304,
    heads: 8,
    kv_heads: 4,
    d_head: 256,
    d_mlp: 9216,
    vocab: 256000,
    positions: 8192,
    dtype: 'bfloat16',
  },
}

/** Makes the model unless the folder holds it already; returns its dimensions. */
export async function makeModel(folder, family = 'gpt2', given = {}) {
  if (!(family in defaults)) throw new Error(`--family ${family}: there are ${Object.keys(defaults).join(' and ')}`)
  const size = { ...defaults[family], ...given }
  const made = JSON.stringify({ family, ...size })
  const note = join(folder, 'made.json')
  if (existsSync(note) && readFileSync(note, 'utf8') === made) return size
  mkdirSync(folder, { recursive: true })
  const { config, tensors } = family === 'gpt2' ? gpt2(size) : gemma2(size)
  const text = JSON.stringify({ ...config, torch_dtype: size.dtype }, null, 2)
  // transformers wants these as Python's floats
  writeFileSync(join(folder, 'config.json'), text.replace(/("(?:\w+_softcapping|rope_theta)": \d+)(?=[,\n])/g, '$1.0'))
  writeTokenizer(folder, size.vocab)
  await writeShards(folder, tensors, size.dtype)
  writeFileSync(note, made)
  return size
}

function gpt2({ layers, d_model: d, heads, d_mlp: mlp, vocab, positions }) {
  const tensors = [
    ['wte.weight', [vocab, d]],
    ['wpe.weight', [positions, d]],
    ['ln_f.weight', [d]],
    ['ln_f.bias', [d]],
  ]
  for (let layer = 0; layer < layers; layer++) {
    const at = `h.${layer}`
    for (const norm of ['ln_1', 'ln_2']) tensors.push([`${at}.${norm}.weight`, [d]], [`${at}.${norm}.bias`, [d]])
    const matrices = [
      ['attn.c_attn', d, 3 * d],
      ['attn.c_proj', d, d],
      ['mlp.c_fc', d, mlp],
      ['mlp.c_proj', mlp, d],
    ]
    for (const [name, rows, columns] of matrices)
      tensors.push([`${at}.${name}.weight`, [rows, columns]], [`${at}.${name}.bias`, [columns]])
  }
  const config = {
    architectures: ['GPT2LMHeadModel'],
    model_type: 'gpt2',
    activation_function: 'gelu_new',
    n_embd: d,
    n_head: heads,
    n_layer: layers,
    n_inner: mlp,
    n_positions: positions,
    n_ctx: positions,
    vocab_size: vocab,
    layer_norm_epsilon: 1e-5,
    bos_token_id: vocab - 1,
    eos_token_id: vocab - 1,
    tie_word_embeddings: true,
  }
  return { config, tensors }
}

function gemma2({ layers, d_model: d, heads, kv_heads: kv, d_head: head, d_mlp: mlp, vocab, positions }) {
  const tensors = [
    ['model.embed_tokens.weight', [vocab, d]],
    ['model.norm.weight', [d]],
  ]
  for (let layer = 0; layer < layers; layer++) {
    const at = `model.layers.${layer}`
    for (const norm of ['input', 'post_attention', 'pre_feedforward', 'post_feedforward'])
      tensors.push([`${at}.${norm}_layernorm.weight`, [d]])
    tensors.push(
      [`${at}.self_attn.q_proj.weight`, [heads * head, d]],
      [`${at}.self_attn.k_proj.weight`, [kv * head, d]],
      [`${at}.self_attn.v_proj.weight`, [kv * head, d]],
      [`${at}.self_attn.o_proj.weight`, [d, heads * head]],
      [`${at}.mlp.gate_proj.weight`, [mlp, d]],
      [`${at}.mlp.up_proj.weight`, [mlp, d]],
      [`${at}.mlp.down_proj.weight`, [d, mlp]],
    )
  }
  const config = {
    architectures: ['Gemma2ForCausalLM'],
    model_type: 'gemma2',
    hidden_size: d,
    num_attention_heads: heads,
    num_key_value_heads: kv,
    head_dim: head,
    num_hidden_layers: layers,
    intermediate_size: mlp,
    vocab_size: vocab,
    max_position_embeddings: positions,
    rms_norm_eps: 1e-6,
    rope_theta: 10000,
    query_pre_attn_scalar: head,
    attn_logit_softcapping: 50,
    final_logit_softcapping: 30,
    sliding_window: 4096,
    hidden_activation: 'gelu_pytorch_tanh',
    bos_token_id: vocab - 1,
    eos_token_id: vocab - 1,
    tie_word_embeddings: true,
  }
  return { config, tensors }
}

const shardBytes = 2e9

/** model.safetensors, or several files and their index where it would exceed 2 GB. */
async function writeShards(folder, tensors, dtype) {
  const bytesOf = ([, shape]) => shape.reduce((product, n) => product * n, dtype === 'bfloat16' ? 2 : 4)
  const shards = [[]]
  let filled = 0
  for (const tensor of tensors) {
    if (filled > 0 && filled + bytesOf(tensor) > shardBytes) {
      shards.push([])
      filled = 0
    }
    shards.at(-1).push(tensor)
    filled += bytesOf(tensor)
  }
  if (shards.length === 1) return writeSafetensors(join(folder, 'model.safetensors'), tensors, dtype)
  const number = (n) => String(n).padStart(5, '0')
  const weightMap = {}
  for (const [index, shard] of shards.entries()) {
    const file = `model-${number(index + 1)}-of-${number(shards.length)}.safetensors`
    for (const [name] of shard) weightMap[name] = file
    await writeSafetensors(join(folder, file), shard, dtype)
  }
  const total = tensors.reduce((sum, tensor) => sum + bytesOf(tensor), 0)
  const index = { metadata: { total_size: total }, weight_map: weightMap }
  writeFileSync(join(folder, 'model.safetensors.index.json'), JSON.stringify(index, null, 2))
}

/** A file of normal numbers of standard deviation 0.02, the same block from another start for every tensor; gains of LayerNorm near 1. */
export async function writeSafetensors(path, tensors, dtype) {
  const bytes = dtype === 'bfloat16' ? 2 : 4
  const header = {}
  let offset = 0
  for (const [name, shape] of tensors) {
    const size = shape.reduce((product, n) => product * n, bytes)
    header[name] = { dtype: dtype === 'bfloat16' ? 'BF16' : 'F32', shape, data_offsets: [offset, offset + size] }
    offset += size
  }
  let json = JSON.stringify(header)
  json = json.padEnd(Math.ceil(json.length / 8) * 8, ' ')
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(json.length))
  const block = normals(2 ** 22 + 3)
  const encode = (values) => {
    if (bytes === 4) return Buffer.from(Float32Array.from(values).buffer)
    const words = new Uint32Array(Float32Array.from(values).buffer)
    return Buffer.from(Uint16Array.from(words, (word) => word >>> 16).buffer)
  }
  const encoded = encode(block)
  const file = await open(`${path}.part`, 'w')
  await file.write(length)
  await file.write(json)
  for (const [index, [name, shape]] of tensors.entries()) {
    let left = shape.reduce((product, n) => product * n, 1)
    if (/(ln_\w+)\.weight$/.test(name)) {
      await file.write(encode(Float32Array.from({ length: left }, (_, i) => 1 + block[i])))
      continue
    }
    for (let start = (index * 104729) % block.length; left > 0; start = 0) {
      const count = Math.min(left, block.length - start)
      await file.write(encoded.subarray(start * bytes, (start + count) * bytes))
      left -= count
    }
  }
  await file.close()
  renameSync(`${path}.part`, path)
}

function normals(count) {
  const values = new Float32Array(count)
  let state = 1
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (state + 0.5) / 2 ** 32
  }
  for (let i = 0; i < count; i++)
    values[i] = 0.02 * Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform())
  return values
}

/** Bytes, pairs of letters, three letters after a space, then pairs of pairs: ordinary words take one to three tokens. */
function writeTokenizer(folder, size) {
  const letters = [...'etaoinshrdlcumwfgypbvkjxqz']
  const tokens = [...byteLetters(), ...letters.map((letter) => `Ġ${letter}`)]
  const merges = letters.map((letter) => `Ġ ${letter}`)
  const pairs = letters.flatMap((a) => letters.map((b) => [a, b]))
  const room = () => size - 1 - tokens.length
  const add = (left, right) => {
    if (room() <= 0) return
    merges.push(`${left} ${right}`)
    tokens.push(left + right)
  }
  for (const [a, b] of pairs) add(a, b)
  for (const [a, b] of pairs) for (const c of letters) add(`Ġ${c}`, a + b)
  for (const [a, b] of pairs) for (const [c, d] of pairs) add(a + b, c + d)
  while (room() > 0) tokens.push(`<unused${tokens.length}>`)
  tokens.push('<|endoftext|>')
  const end = {
    id: size - 1,
    content: '<|endoftext|>',
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  }
  const tokenizer = {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [end],
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    post_processor: null,
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: '',
      end_of_word_suffix: '',
      fuse_unk: false,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges,
    },
  }
  writeFileSync(join(folder, 'tokenizer.json'), JSON.stringify(tokenizer))
  const config = {
    tokenizer_class: 'PreTrainedTokenizerFast',
    bos_token: end.content,
    eos_token: end.content,
    unk_token: end.content,
  }
  writeFileSync(join(folder, 'tokenizer_config.json'), JSON.stringify(config))
}

/** GPT-2's printable stand-ins for the 256 bytes. */
function byteLetters() {
  const printable = (byte) => (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174
  let next = 256
  return Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(printable(byte) ? byte : next++))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const numbers = ['layers', 'd_model', 'heads', 'kv_heads', 'd_head', 'd_mlp', 'vocab', 'positions']
  const options = Object.fromEntries([...numbers, 'family', 'dtype'].map((name) => [name, { type: 'string' }]))
  const { values, positionals } = parseArgs({ options, allowPositionals: true })
  if (positionals.length !== 1) throw new Error('give one folder to write to')
  const { family = 'gpt2', ...rest } = values
  const given = Object.entries(rest).map(([name, value]) => [name, name === 'dtype' ? value : Number(value)])
  console.log(positionals[0], await makeModel(positionals[0], family, Object.fromEntries(given)))
}
