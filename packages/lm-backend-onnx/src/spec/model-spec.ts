import type { Activation } from './activation.js'
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

/** Heads of a layer's softmax attention. */
export interface Heads {
  readonly nHeads: number
  /** Of which nHeads is a multiple. */
  readonly nKvHeads: number
  readonly dHead: number
}

/** RMS norm of each head: with a weight [d_head], or without. */
export type HeadNorm = Norm | 'no_weight'

/** Softmax attention over the keys and values of the tokens so far. */
export interface Attention extends Heads {
  readonly kind: 'softmax'
  /**
   * The three matrices; or one fused matrix whose output is all queries, all keys, all values (GPT-2), or head by head the query,
   * key and value of each (GPT-NeoX); or no matrix of keys, because keys and values are those of an earlier layer (gemma 4).
   */
  readonly qkv:
    | { readonly fused: Linear; readonly order: 'by_kind' | 'by_head' }
    /** v: null where keys are values too, as they are before norm and rotation (gemma 4). */
    | { readonly q: Linear; readonly k: Linear; readonly v: Linear | null }
    | { readonly q: Linear; readonly keysOf: number }
  /** Whether q's matrix gives each head its query and a gate, whose sigmoid multiplies the head's output (qwen 3.5). */
  readonly outputGate: boolean
  /**
   * RMS norms of queries and keys, over each head (qwen 3, gemma 3) or over all of them at once (olmo 2), before rotation or after it (llama 4).
   * Keys of another layer have its norm.
   */
  readonly queryKeyNorm: {
    readonly q: HeadNorm
    readonly k: HeadNorm | null
    readonly over: 'head' | 'heads'
    readonly after: 'projection' | 'rotation'
  } | null
  /** Whether values have an RMS norm without weight, over each head (gemma 4). */
  readonly valueNorm: boolean
  /** null for learned positions. */
  readonly rope: Rope | null
  /** Queries are multiplied by 1 + strength * ln(1 + floor((position + first) / floor)) (llama 4, ministral 3); null for 1. */
  readonly temperature: { readonly floor: number; readonly strength: number; readonly first: 0 | 1 } | null
  /** Factor of the products of queries and keys. */
  readonly scale: number
  readonly softcap: number | null
  /** Sliding window in tokens, the token itself included; null attends to everything before. */
  readonly window: number | null
  /** Tokens attend within pieces of the text of so many tokens, which begin at its start (llama 4); null for none. */
  readonly chunk: number | null
  /** [n_heads]: one more logit per head that takes its share of the attention and gives nothing (gpt-oss). */
  readonly sinks: string | null
}

/** Gated delta-net: linear attention with a state per head that each token decays and corrects (qwen 3.5). */
export interface DeltaNet {
  readonly kind: 'delta_net'
  readonly nKeyHeads: number
  /** A multiple of nKeyHeads. */
  readonly nValueHeads: number
  readonly dKey: number
  readonly dValue: number
  /** Queries, keys, values; they pass a causal convolution over `kernel` tokens, one filter a channel, and SiLU. */
  readonly qkv: Linear
  readonly kernel: number
  /** [channels, 1, kernel] */
  readonly convolution: string
  /** Gate of the output, one number a value. */
  readonly gate: Linear
  /** How much each token corrects the state, one number a value head, before the sigmoid. */
  readonly beta: Linear
  /** Decay of the state: -exp(log) * softplus(linear(x) + bias), one number a value head. */
  readonly decay: { readonly linear: Linear; readonly log: string; readonly bias: string }
  /** RMS norm over each value head, gain as stored. */
  readonly norm: Norm
}

/** One up-projection, or an activated gate times an up-projection; then down. */
export interface Mlp {
  readonly kind: 'dense'
  readonly up: Linear
  /** "in_up": the first half of up's outputs is the gate's (phi 3). */
  readonly gate: Linear | 'in_up' | null
  readonly down: Linear
  readonly activation: Activation
}

/** A mixture of experts: each token passes through the few that its router chooses. */
export interface Experts {
  readonly kind: 'experts'
  readonly router: Linear
  readonly count: number
  /** Experts a token. */
  readonly chosen: number
  /**
   * Weights of the chosen: their softmax over all experts as it is ("all"), the same scaled to sum to 1 ("all_renormalized"), or the
   * softmax over the chosen alone ("chosen"). The last two are equal in exact arithmetic. Or the sigmoid of each one's logit.
   */
  readonly weights: 'all' | 'all_renormalized' | 'chosen' | 'sigmoid'
  /** [n_experts]: a factor of each expert's weight (gemma 4). */
  readonly weightFactors: string | null
  /** What the weights multiply: what experts give, or what they read (llama 4). */
  readonly weighs: 'outputs' | 'inputs'
  readonly dExpert: number
  /** Of the gate; or gpt-oss' of both halves. */
  readonly activation: Activation | 'clamped_swiglu'
  /** Ways in which files store the experts; the first whose tensors are there counts. */
  readonly layouts: readonly ExpertLayout[]
  /** An MLP for every token, its output multiplied by the sigmoid of `gate` (qwen 3.5) or as it is (llama 4). */
  readonly shared: { readonly mlp: Mlp; readonly gate: Linear | null } | null
}

/** How a file stores the matrices of a layer's experts. f = dExpert, d = d_model, E = number of experts. */
export type ExpertLayout =
  /** Three matrices an expert. */
  | { readonly kind: 'separate'; expert(index: number): { gate: Linear; up: Linear; down: Linear } }
  /** gateUp [E, 2 f, d], gates before ups, and down [E, d, f]. */
  | { readonly kind: 'stacked'; readonly gateUp: string; readonly down: string }
  /** gateUp [E, d, 2 f], gates and ups alternating or gates before ups, down [E, f, d]; biases [E, 2 f] and [E, d]. */
  | {
      readonly kind: 'transposed'
      readonly gateUp: string
      readonly down: string
      readonly order: 'alternating' | 'halves'
      readonly biases: ExpertBiases | null
    }
  /** gpt-oss' matrices, transposed, in blocks of 32 4-bit numbers that share a power of two (MXFP4): `_blocks` and `_scales`. */
  | { readonly kind: 'mxfp4'; readonly gateUp: string; readonly down: string; readonly biases: ExpertBiases }

export interface ExpertBiases {
  readonly gateUp: string
  readonly down: string
}

/** Experts beside a dense MLP: both read the stream, each through a norm of its own, and their normed outputs are added (gemma 4). */
export interface ExpertsBeside {
  readonly norm: Norm
  readonly experts: Experts
  /** What the router reads: the stream through an RMS norm without weight, times a vector [d_model] and a number. */
  readonly routerGain: string
  readonly routerFactor: number
  readonly postNorm: Norm
  /** Of the dense MLP's output. */
  readonly postMlpNorm: Norm
}

/** What a layer adds after its MLP: its part of LayerInputs, gated by the stream and projected to it. */
export interface LayerInput {
  readonly gate: Linear
  readonly activation: Activation
  readonly projection: Linear
  readonly postNorm: Norm
}

/** One decoder layer. */
export interface LayerSpec {
  /** null where attention reads the residual stream as it is (olmo 2). */
  readonly attentionNorm: Norm | null
  readonly attention: Attention | DeltaNet
  readonly attentionOutput: Linear
  /** Norm between the branch and its addition to the residual stream (gemma 2). */
  readonly postAttentionNorm: Norm | null
  readonly mlpNorm: Norm | null
  readonly mlp: Mlp | Experts
  readonly expertsBeside: ExpertsBeside | null
  /** Of the MLP's output, or of its sum with that of the experts beside it. */
  readonly postMlpNorm: Norm | null
  readonly input: LayerInput | null
  /** [1]: what leaves the layer is multiplied by it (gemma 4). */
  readonly outputFactor: string | null
}

/**
 * A small vector of each token for each layer (gemma 4): (norm(projectionFactor * projection(embedding)) + tableFactor * table[token]) * factor, from
 * the scaled embedding.
 */
export interface LayerInputs {
  /** Numbers for each layer. */
  readonly width: number
  /** [rows, n_layers * width] */
  readonly table: string
  readonly rows: number
  readonly tableFactor: number
  readonly projection: Linear
  readonly projectionFactor: number
  /** Over each layer's part. */
  readonly norm: Norm
  readonly factor: number
}

/** What planning, caching and scoring need to know about a model, whatever its graphs are made of. */
export interface ModelShape {
  /** model_type of config.json. */
  readonly family: string
  readonly nLayers: number
  readonly dModel: number
  /** Rows of the embedding table; may exceed the tokenizer's size. */
  readonly vocabSize: number
  /** Longest input the position encoding is meant for. */
  readonly maxPositions: number
  /** Whether nothing beyond maxPositions can be computed as trained: a learned table ends there, a rotary scaling changes. */
  readonly maxPositionsIsHard: boolean
  /**
   * Whether the tokens of a batch row are one text in order: a row cannot hold several texts that share a prefix. So it is where a layer carries a state
   * from token to token, and in graphs whose mask says of each row only which tokens there are.
   */
  readonly rowsAreTexts: boolean
}

/** Everything the graph builder needs to know about a model: one decoder-only transformer as numbers and tensor names. */
export interface ModelSpec extends ModelShape {
  readonly norm: {
    readonly kind: 'layer_norm' | 'rms_norm'
    readonly epsilon: number
    /** gain is 1 + weight (gemma) */
    readonly unitOffset: boolean
  }
  readonly embedding: {
    readonly weight: string
    readonly scale: number | null
    /** learned positions */
    readonly positions: string | null
  }
  readonly layerInputs: LayerInputs | null
  /** Whether the MLP reads what attention reads and both are added together (GPT-NeoX), not one after the other. */
  readonly parallelResidual: boolean
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
