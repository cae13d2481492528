import type { PositionSelection } from './position-selection.js'

/** How an SAE scales its input at run time (SAELens normalize_activations; constant factors are folded into vectors and count as none). */
export type RuntimeNormalization = 'none' | 'layer_norm' | 'constant_norm_rescale'

/**
 * Which latents may be active together. `all` decides latent by latent; topk keeps the `count` largest pre-activations of the SAE,
 * groupmax the largest of each of `count` groups of neighbours.
 */
export type Membership = { readonly kind: 'all' } | { readonly kind: 'topk' | 'groupmax'; readonly count: number }

/**
 * All latents of one SAE at once, everything constant folded in as in LatentSlot. d_in = width of the hook point that is read.
 *
 *     p = n(x) . encoder + bias
 *     f = p where p > threshold and the membership allows it, else 0
 */
export interface WholeEncoder {
  /** Names the numbers: two encoders of one key are the same SAE. */
  readonly key: string
  readonly dSae: number
  /** [d_in, d_sae] */
  readonly encoder: Float32Array
  /** [d_sae] */
  readonly bias: Float32Array
  /** [d_sae] */
  readonly threshold: Float32Array
  readonly membership: Membership
}

/** D(f) = s(x) * (f . decoder + bias) + shift(x); s and shift undo the run-time normalisation, shift only with `restoresMean`. */
export interface WholeDecoder {
  /** [d_sae, d_out] */
  readonly decoder: Float32Array
  /** [d_out] */
  readonly bias: Float32Array
  /** Whether the mean that layer_norm takes away is put back. */
  readonly restoresMean: boolean
}

/**
 * One latent that an edit reads or writes. All vectors float32; encoder has the width of the hook point that is read, decoder that of the
 * one that is edited (hook_z: heads flattened).
 *
 *     p = n(x) . encoder + bias        n = the reader's run-time normalisation; b_dec and centring are folded in here
 *     f = p where p > threshold, else 0        threshold: 0 = ReLU, theta >= 0 = JumpReLU, -Infinity = identity
 *
 * Where the reader has a membership, p is instead the latent's pre-activation among those that stay, else 0, plus bias.
 */
export interface LatentSlot {
  /** Index in the SAE; -1 for none. */
  readonly latent: number
  readonly encoder: Float32Array
  readonly bias: number
  readonly threshold: number
  /** Decoder row, added as s(x) * (f' - f) * decoder; all zero for a latent that is only read as a gate. */
  readonly decoder: Float32Array
}

/** Latents of one SAE, or directions, that a stage reads from one activation. */
export interface LatentReader {
  /**
   * Hook point that is read; null for the one that is edited. Transcoders read another one than they write. Edits there have acted, unless the name is
   * that of what arrives there (`arriving`): of a latent that writes to several layers, all its parts read the same x.
   */
  readonly readFrom: string | null
  readonly normalization: RuntimeNormalization
  /** Whether changes are multiplied by the normalisation's scale s(x); false for transcoders. */
  readonly scalesOutput: boolean
  /** The whole encoder, where a latent cannot be computed without the others; null otherwise. */
  readonly whole: WholeEncoder | null
  readonly slots: readonly LatentSlot[]
}

/** Open where the latent of a slot is above a value. */
export interface Gate {
  /** Index among all slots of the stage, reader after reader. */
  readonly slot: number
  readonly above: number
}

/** Where an update or addition comes from. */
export interface FromEdit {
  /** Place of its edit among those that were lowered, by which it is counted where it acts; absent: not counted. */
  readonly edit?: number
}

/** f'[slot] <- (1 + alpha) * f' + beta, at the selected positions where every gate is open. */
export interface LatentUpdate extends FromEdit {
  readonly slot: number
  readonly gates: readonly Gate[]
  readonly alpha: number
  readonly beta: number
  /** null: every position. */
  readonly positions: PositionSelection | null
}

/** A vector that is added only at some positions, or only where gates are open. */
export interface SelectiveAdd extends FromEdit {
  readonly vector: Float32Array
  readonly gates: readonly Gate[]
  readonly positions: PositionSelection | null
}

/**
 * How an SAE is put into the stream for real (the stage's semantics is not `direct`); x~ = x (minus its mean where the SAE wants it
 * centred) with all adds, f~ its activations, f' those with all updates:
 *
 *     pr2641:  x' = D(f')
 *     fork:    x' = x + D(f') - D(E(x))
 */
export interface SaeReplacement {
  readonly kind: 'pr2641' | 'fork'
  /** As in LatentReader. */
  readonly readFrom: string | null
  readonly normalization: RuntimeNormalization
  readonly scalesOutput: boolean
  /** Whether the mean is taken away before anything is added; no encoder of the stage then centres by itself. */
  readonly centres: boolean
  readonly encoder: WholeEncoder
  readonly decoder: WholeDecoder
  /** Where x' replaces x; null: every position. */
  readonly positions: readonly PositionSelection[] | null
}

/**
 * The edits of one SAE at one hook point. They all read the same clean x:
 *
 *     x' = x + addend + sum of adds + s(x) * sum over slots of (f' - f) * decoder
 *
 * With a saeReplacement, all readers are of its SAE and read x~ instead of x; adds have no gates.
 */
export interface EditStage {
  /** Sum of the vectors that are added always, already multiplied by their coefficients; null when there are none. */
  readonly addend: Float32Array | null
  readonly adds: readonly SelectiveAdd[]
  readonly readers: readonly LatentReader[]
  /** Applied in order: rows on the same latent compose in row order. A phase names each slot at most once. */
  readonly phases: readonly (readonly LatentUpdate[])[]
  /** What gates look at: the activations of the clean x, or what the phases before have left, as hooks in a row see it. */
  readonly gatesRead: 'clean' | 'running'
  readonly saeReplacement: SaeReplacement | null
  /** Where x itself is taken away, so that only what the stage adds is left. Not with a saeReplacement. */
  readonly drops?: { readonly positions: PositionSelection | null }
  /** Whether x' is brought back to the length of x, where it has another: x'' = x' |x| / (|x'| + 1e-8). Not with a saeReplacement. */
  readonly keepsNorm?: boolean
}

/** Everything that happens to the activation at one hook point; stages (one per SAE) act one after the other. */
export interface Intervention {
  /** TransformerLens name, such as "blocks.20.hook_resid_post". */
  readonly hookPoint: string
  readonly stages: readonly EditStage[]
}

/** Whether edits compute a whole SAE. */
export function hasWholeSae(interventions: readonly Intervention[]): boolean {
  return interventions
    .flatMap(({ stages }) => stages)
    .some(({ readers, saeReplacement }) => saeReplacement !== null || readers.some(({ whole }) => whole !== null))
}

/** An edit stage that only adds a vector everywhere. */
export function addStage(addend: Float32Array): EditStage {
  return { addend, adds: [], readers: [], phases: [], gatesRead: 'clean', saeReplacement: null }
}
