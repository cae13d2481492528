import type { Rope } from './rope.js'

/** A weight matrix and its optional bias, by tensor name. */
export interface Linear {
  readonly weight: string
  readonly bias: string | null
  /** How the file stores the matrix: PyTorch's Linear is out_in, GPT-2's Conv1D is in_out. */
  readonly layout: 'out_in' | 'in_out'
  readonly inFeatures: number
  readonly outFeatures: number
}

/** Tensors of one norm; RMS norms have no bias. */
export interface Norm {
  readonly weight: string
  readonly bias: string | null
}

export type Activation = 'gelu_tanh' | 'gelu' | 'silu' | 'relu'

/** One decoder layer. */
export interface LayerSpec {
  readonly attentionNorm: Norm
  /** One fused matrix whose output splits into q, k, v; or the three. */
  readonly qkv: { readonly fused: Linear } | { readonly q: Linear; readonly k: Linear; readonly v: Linear }
  /** RMS norms over the heads of queries and keys, before rotation (qwen 3, gemma 3). */
  readonly queryKeyNorm: { readonly q: Norm; readonly k: Norm } | null
  /** null for learned positions. */
  readonly rope: Rope | null
  readonly attentionOutput: Linear
  /** Norm between the branch and its addition to the residual stream (gemma 2). */
  readonly postAttentionNorm: Norm | null
  readonly mlpNorm: Norm
  readonly mlp: {
    readonly up: Linear
    readonly gate: Linear | null
    readonly down: Linear
    readonly activation: Activation
  }
  readonly postMlpNorm: Norm | null
  /** Sliding window in tokens, the token itself included; null attends to everything before. */
  readonly window: number | null
}

/** Everything the graph builder needs to know about a model: one decoder-only transformer as numbers and tensor names. */
export interface ModelSpec {
  readonly family: string
  readonly nLayers: number
  readonly dModel: number
  readonly nHeads: number
  readonly nKvHeads: number
  readonly dHead: number
  /** Rows of the embedding table; may exceed the tokenizer's size. */
  readonly vocabSize: number
  /** Longest input the position encoding is meant for. */
  readonly maxPositions: number
  readonly norm: {
    readonly kind: 'layer_norm' | 'rms_norm'
    readonly epsilon: number /** gain is 1 + weight (gemma) */
    readonly unitOffset: boolean
  }
  readonly embedding: {
    readonly weight: string
    readonly scale: number | null /** learned positions */
    readonly positions: string | null
  }
  readonly attention: { readonly scale: number; readonly softcap: number | null }
  layer(index: number): LayerSpec
  readonly finalNorm: Norm
  /** [vocab, d_model]; the embedding's name when tied. */
  readonly unembedding: string
  readonly finalSoftcap: number | null
  /** Prefixes that tensor names may carry in the file; the first under which the embedding is found is used. */
  readonly prefixes: readonly string[]
  /** Tensors that a checkpoint may hold and that change nothing. */
  readonly ignoredTensors: readonly RegExp[]
}
