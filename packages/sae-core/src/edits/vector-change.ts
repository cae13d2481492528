/** x + c v */
interface Add {
  readonly action: 'add'
  readonly vector: Float32Array
  /** c */
  readonly coefficient: number
}

/** x + c |x| v / (|v| + 1e-6): as long as x is, token by token (vllm-lens' norm_match, arXiv 2512.15674). */
interface AddMatched {
  readonly action: 'add_matched'
  readonly vector: Float32Array
  /** c */
  readonly coefficient: number
}

/** x + (c - (x - origin) . u) u, u = v / |v| (lm_eval's clamp). */
interface ProjectClamp {
  readonly action: 'project_clamp'
  readonly vector: Float32Array
  /** c */
  readonly coefficient: number
  /** What is measured from; null is zero. */
  readonly origin: Float32Array | null
}

/** x + (c - 1) (x . u) u: Neuronpedia's ORTHOGONAL_DECOMP; with c = 0 EasySteer's erase. */
interface ProjectScale {
  readonly action: 'project_scale'
  readonly vector: Float32Array
  /** c */
  readonly coefficient: number
}

/** x + (min(x . u, c) - x . u) u: Neuronpedia's PROJECTION_CAP. */
interface ProjectCap {
  readonly action: 'project_cap'
  readonly vector: Float32Array
  /** c */
  readonly coefficient: number
}

/** c v in place of x (EasySteer's replace). */
export interface Replace {
  readonly action: 'replace'
  readonly vector: Float32Array
  /** c */
  readonly coefficient: number
}

/** c (W x + b) in place of x (EasySteer's linear). */
export interface Linear {
  readonly action: 'linear'
  /** W [d, d], row-major */
  readonly weight: Float32Array
  /** b [d] */
  readonly bias: Float32Array | null
  /** c */
  readonly coefficient: number
}

/** x + c R^T (W x + b - R x): LoReFT (Wu et al. 2024, arXiv 2404.03592, equation 2; c = 1 there), of rank r. */
export interface Loreft {
  readonly action: 'loreft'
  readonly rank: number
  /** R as pyreft stores it, [d, r] row-major: column i is the i-th row of R. */
  readonly rotate: Float32Array
  /** W [r, d], row-major */
  readonly weight: Float32Array
  /** b [r] */
  readonly bias: Float32Array | null
  /** c */
  readonly coefficient: number
}

/** x + c sum over i of (a_i . x + b_i) o_i, of rank r: pyreft's DiReFT, EasySteer's lm_steer and, of rank 1, its concept_replace. */
export interface LowRankAdd {
  readonly action: 'low_rank'
  readonly rank: number
  /** a [r, d], row-major: what is measured. */
  readonly read: Float32Array
  /** o [r, d], row-major: what is written. */
  readonly write: Float32Array
  /** b [r] */
  readonly bias: Float32Array | null
  /** c */
  readonly coefficient: number
}

/** What an edit along vectors that need not belong to an SAE makes of an activation x [d]. */
export type VectorChange =
  | Add
  | AddMatched
  | ProjectClamp
  | ProjectScale
  | ProjectCap
  | Replace
  | Linear
  | Loreft
  | LowRankAdd

/** The name of a VectorChange. */
export type VectorAction = VectorChange['action']
