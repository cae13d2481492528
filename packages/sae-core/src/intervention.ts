/** How an SAE scales its input at run time (SAELens normalize_activations; factors folded at load count as none). */
export type RuntimeNormalization = 'none' | 'layer_norm' | 'constant_norm_rescale'

/**
 * One latent that an edit reads or writes. All vectors float32, length d of the hook point (hook_z: heads flattened).
 *
 *     p = n(x) . encoder + bias        n = the stage's run-time normalisation; b_dec and centring are folded in here
 *     f = p * [p > threshold]          threshold: 0 = ReLU, max(0, theta) = JumpReLU, -Infinity = identity
 */
export interface LatentSlot {
  /** Index in the SAE, for messages. */
  readonly latent: number
  readonly encoder: Float32Array
  readonly bias: number
  readonly threshold: number
  /** Decoder row, added as s(x) * (f' - f) * decoder; all zero for a latent that is only read as a gate. */
  readonly decoder: Float32Array
}

/** f'[slot] <- f' + [f[gateSlot] > gateThreshold] * (alpha * f' + beta); gateSlot null = always. Gates read the clean f. */
export interface LatentUpdate {
  readonly slot: number
  readonly gateSlot: number | null
  readonly gateThreshold: number
  readonly alpha: number
  readonly beta: number
}

/**
 * The edits of one SAE at one hook point. They all read the same clean x:
 *
 *     x' = x + addend + s(x) * sum over slots of (f' - f) * decoder
 */
export interface EditStage {
  readonly normalization: RuntimeNormalization
  /** Sum of the `add` rows, already multiplied by their coefficients; null when there are none. */
  readonly addend: Float32Array | null
  readonly slots: readonly LatentSlot[]
  /** Applied in order: rows on the same latent compose in row order. A phase names each slot at most once. */
  readonly phases: readonly (readonly LatentUpdate[])[]
}

/** Everything that happens to the activation at one hook point; stages (one per SAE) act one after the other. */
export interface Intervention {
  /** TransformerLens name, such as "blocks.20.hook_resid_post". */
  readonly hookPoint: string
  readonly stages: readonly EditStage[]
}
