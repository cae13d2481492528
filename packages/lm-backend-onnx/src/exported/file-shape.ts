import { InputError } from '@saeval/hub'
import { checked, objectOf } from '@saeval/hub/checks'
import * as v from 'valibot'
import type { FileModel } from '../onnx/decode-model.js'
import type { ModelShape } from '../spec/model-spec.js'
import { type ModelConfig, size } from '../spec/read-config.js'
import type { FileInterface } from './file-interface.js'

/** The fields of a configuration that say what a graph does not, under the names that families use. */
const fields = {
  num_hidden_layers: v.nullish(size),
  n_layer: v.nullish(size),
  num_layers: v.nullish(size),
  num_attention_heads: v.nullish(size),
  n_head: v.nullish(size),
  num_heads: v.nullish(size),
  vocab_size: v.nullish(size),
  max_position_embeddings: v.nullish(size),
  n_positions: v.nullish(size),
  max_seq_len: v.nullish(size),
  seq_length: v.nullish(size),
  head_dim: v.nullish(size),
  hidden_size: v.nullish(size),
  n_embd: v.nullish(size),
}

/** What a configuration says of a model whose graph is a file. */
export interface FileShape extends Omit<ModelShape, 'dModel'> {
  readonly nHeads: number
  readonly dHead: number
  /** null where it does not say. */
  readonly dModel: number | null
  /** Whether attention looks at where keys stand among others: windows, chunks, slopes. */
  readonly hasWindows: boolean
}

/** Reads them, and completes them by the graph's own sizes. Throws InputError for what is nowhere said. */
export function fileShape(config: ModelConfig, file: FileInterface, { outputs }: FileModel): FileShape {
  const inner = config.fields.text_config
  const own = typeof inner === 'object' && inner !== null ? { ...config.fields, ...inner } : config.fields
  if (own.is_encoder_decoder === true)
    throw new InputError(`${config.file} is that of an encoder-decoder model; saeval runs decoders alone`)
  const f = checked(config.file, objectOf(fields), own)
  const needed = (value: number | null | undefined, names: string): number => {
    if (value != null) return value
    throw new InputError(
      `${config.file} has no ${names}, which the ONNX graph does not say; take it from the original model`,
    )
  }
  const nLayers = f.num_hidden_layers ?? f.n_layer ?? f.num_layers
  const kept = file.caches.length / 2
  if (kept > 0 && nLayers != null && nLayers !== kept)
    throw new InputError(`${config.file} says ${nLayers} layers, and the ONNX graph keeps keys and values of ${kept}`)
  const vocabulary = outputs.find(({ name }) => name === file.logits)?.dims.at(-1) ?? null
  if (vocabulary !== null && f.vocab_size != null && vocabulary !== f.vocab_size)
    throw new InputError(`${config.file} says ${f.vocab_size} tokens, and the ONNX graph gives logits of ${vocabulary}`)
  const nHeads = needed(f.num_attention_heads ?? f.n_head ?? f.num_heads, 'num_attention_heads')
  const dModel = f.hidden_size ?? f.n_embd ?? null
  return {
    family: config.modelType,
    nLayers: needed(kept || nLayers, 'num_hidden_layers'),
    dModel,
    nHeads,
    dHead: file.dHead || (f.head_dim ?? Math.floor((dModel ?? 0) / nHeads)),
    vocabSize: needed(vocabulary ?? f.vocab_size, 'vocab_size'),
    maxPositions: needed(
      f.max_position_embeddings ?? f.n_positions ?? f.max_seq_len ?? f.seq_length,
      'max_position_embeddings',
    ),
    // tables of an export may end there
    maxPositionsIsHard: true,
    rowsAreTexts: true,
    hasWindows: Object.entries(own).some(([name, value]) => isWindow(name, value)),
  }
}

function isWindow(name: string, value: unknown): boolean {
  if (/^(use|max)_/.test(name)) return false
  if (/window|chunk|alibi|^attention_(types|layers)$/.test(name)) return value !== null && value !== false
  return name === 'layer_types' && JSON.stringify(value).includes('sliding')
}
