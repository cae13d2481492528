import type { HeadSize, Intervention } from '@saeval/sae-core'
import type { LanguageModel, RequestOptions } from './language-model.js'
import type { TextTokenizer } from './text-tokenizer.js'

/** Token ids of one input and which of the following tokens to score. */
export interface ScoringRow {
  readonly ids: readonly number[]
  /** `token` is predicted by the hidden state at `position` (0-based, below ids.length). */
  readonly predictions: readonly { readonly position: number; readonly token: number }[]
  /** Tokens of the prompt, for edits that select positions: ids.length by default. */
  readonly promptLength?: number
}

/** The scores of a ScoringRow. */
export interface ScoredRow {
  /** log P(token | ids[0..position]) per prediction, in nats, float32. */
  readonly logprobs: readonly number[]
  /** Per prediction: whether the token is the most likely one there. */
  readonly greedy: readonly boolean[]
}

/** An activation at a hook point: float32 [pos, width], heads flattened at attn.hook_z. */
export interface Activation {
  readonly hookPoint: string
  readonly data: Float32Array
  /** [pos, width] */
  readonly dims: readonly [number, number]
}

/** How one text is run. */
export interface TextOptions {
  /** Tokens of the prompt, for edits that select positions; the tokens after them count as generated. By default all tokens. */
  readonly promptLength?: number
}

/** Sees an activation, edits applied, and may change it in place or return another array of the same size. */
export type Hook = (activation: Activation) => Float32Array | undefined | Promise<Float32Array | undefined>

/** What a run with hooks gives. */
export interface HookedRun {
  /** Logits at every position, one array [vocab] each. */
  readonly logits: readonly Float32Array[]
}

/** Norms of a layer around its parts, by the names of their modules in it ("post_attention_layernorm"); null where there is none. */
export interface LayerNorms {
  /** Between attention and its addition to the residual stream. */
  readonly afterAttention: string | null
  /** Before the MLP. */
  readonly beforeMlp: string | null
  /** Between the MLP and its addition to the residual stream. */
  readonly afterMlp: string | null
}

/**
 * A language model whose activations can be edited and read: what steering, sweeps and verify need of a backend. Hook points have TransformerLens'
 * names. Its views by `steer` share weights; each counts for itself.
 */
export interface SteerableModel extends LanguageModel {
  readonly tokenizer: TextTokenizer
  /** model_type of its config.json. */
  readonly family: string
  /** The same in all layers. Absent of a backend that does not know them; files then name layers and hook points only. */
  readonly layerNorms?: LayerNorms
  /** Names of all hook points in order of computation. */
  readonly hookPoints: readonly string[]
  /** Size of a hook point's last axis. Throws InputError for names the model does not have. */
  widthOf(hookPoint: string): number
  /** Size of one head of attn.hook_z: a number, or where layers differ, of each of these hook points. */
  readonly dHead: HeadSize
  /** The edits this view applies; [] of the model as it is. */
  readonly interventions: readonly Intervention[]
  /** The same model with these edits instead of its own; [] is the unsteered model. Throws InputError where an edit does not fit. */
  steer(interventions: readonly Intervention[]): SteerableModel
  /**
   * At how many of the tokens computed so far (report().tokens.computed) each edit has changed its latent's value, or has added its vector where it
   * has gates or positions. Edit -> tokens, by FromEdit; what is not decided token by token (vectors that are added everywhere, or go through a whole
   * SAE) is not in it. Absent of a backend that does not count.
   */
  readonly actedTokens?: ReadonlyMap<number, number>
  /** Log-probabilities of chosen tokens; inputs longer than the model allows are an InputError. */
  scoreTokens(rows: readonly ScoringRow[], options?: RequestOptions): Promise<ScoredRow[]>
  /**
   * Next-token logits [vocab] after one text, once per setting, computed side by side as rows of one batch; NaN where a setting makes the
   * activations overflow.
   */
  lastLogits(ids: readonly number[], settings: readonly (readonly Intervention[])[]): Promise<readonly Float32Array[]>
  /**
   * Logits [vocab] of vectors [n, d_model] that stand where the last layer's output stands: final norm, unembedding and any soft-cap. Of decoder
   * rows they are the logit lens (nostalgebraist 2020). Throws InputError where the numbers are no whole vectors. Absent of a backend that cannot.
   */
  unembed?(vectors: Float32Array): Promise<readonly Float32Array[]>
  /** Activations [pos, width] of one text at hook points, edits applied. A string is tokenised as scoring does. */
  captureActivations(
    text: string | readonly number[],
    hookPoints: readonly string[],
    options?: TextOptions,
  ): Promise<Map<string, Activation>>
  /** Runs one text with callbacks on activations, which may change them. Absent of a backend that cannot; some checks of verify need it. */
  runWithHooks?(
    text: string | readonly number[],
    hooks: Readonly<Record<string, Hook>>,
    options?: TextOptions,
  ): Promise<HookedRun>
  /**
   * The same model for settings that are tried one after the other on the same requests: what comes before the first hook point that any of
   * them edits or reads is computed once. Steer the result with these settings or without any. Its `close` gives back what it keeps and leaves the
   * model open. Absent of a backend that shares nothing.
   */
  shareBelow?(settings: readonly (readonly Intervention[])[]): SteerableModel
  /**
   * The same model for settings that are asked the same texts (generate_until), one setting after the other: few texts are written for the settings
   * after the one that is asked too, as rows of one batch, and kept until those are asked. Texts, draws and counts are those of each setting alone, to
   * float32 rounding. Steer the result with these settings, or with others, which are written alone. `mayWrite` is asked at each writing; what it gives
   * says of indices of settings whether their texts may be written before they are asked: all by default. Absent of a backend that cannot.
   */
  writeBeside?(
    settings: readonly (readonly Intervention[])[],
    mayWrite?: () => (setting: number) => boolean,
  ): SteerableModel
  /** About the share of its work that each further setting takes on the same requests: 1 (default) but for a model by shareBelow. */
  readonly furtherShare?: number
}
