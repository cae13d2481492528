import { type EditAction, editActions, type PositionTerm } from '@saeval/sae-core'

/** The two kinds of steering file. */
export type Dialect = 'sae_steered_beta' | 'steered'

/** Actions of `hook_action`; clamp_cond is another name of clamp_above. */
export type HookAction = EditAction | 'clamp_cond'
export const hookActions: readonly HookAction[] = editActions.flatMap((action) =>
  action === 'clamp_above' ? [action, 'clamp_cond' as const] : [action],
)

/** What steering_coefficient counts. */
export const units = ['absolute', 'max_activation', 'residual_norm'] as const
export type Unit = (typeof units)[number]

/** Where project_clamp measures from. */
export const origins = ['zero', 'b_dec'] as const

export const steeredActions = ['add', 'clamp'] as const
export const loaders = ['sparsify', 'sae_lens'] as const

/** A row of the `sae_steered_beta` dialect; keys are the columns' names. Properties that may be absent are those of columns the row does not use. */
export interface SaeSteeredRow {
  /** Physical line, from 1, on which the row starts. */
  readonly line: number
  readonly latent_idx: number
  readonly steering_coefficient: number
  readonly sae_release: string
  readonly sae_id: string
  readonly hook_action: HookAction
  readonly description: string | null
  /** Threshold of clamp_above, clamp_cond and clamp_refusal. */
  readonly clamp_value: number | null
  /** The latent that clamp_refusal sets. */
  readonly refuse_id: number | null
  /** The reference that latent_idx, sae_release and sae_id were read from. */
  readonly neuronpedia?: string
  /** Token positions at which the row acts, and those at which it does not. */
  readonly positions?: PositionsCell
  readonly skip_positions?: PositionsCell
  /** The row acts only where this latent is above condition_threshold. */
  readonly condition_latent?: number
  /** 0 by default. */
  readonly condition_threshold?: number
  /** SAE of condition_latent; the row's own by default. */
  readonly condition_sae_release?: string
  readonly condition_sae_id?: string
  readonly condition_neuronpedia?: string
  /** The only head the row changes, at attn.hook_z. */
  readonly head_index?: number
  /** Where project_clamp measures from: zero by default. */
  readonly origin?: (typeof origins)[number]
  /** Seed of a random direction, as long, in place of the decoder row: a control. */
  readonly random_direction?: number
  readonly unit?: Unit
  /** The latent's largest activation, for unit max_activation. */
  readonly max_activation?: number
  /** Cells of columns that mean nothing to saeval. */
  readonly extra: Readonly<Record<string, string>>
}

/** A row whose references are not looked up: what they stand for is not there yet. */
export type DraftRow = Omit<SaeSteeredRow, 'latent_idx' | 'sae_release' | 'sae_id'> & Partial<SaeSteeredRow>

/** A cell that selects token positions. */
export interface PositionsCell {
  /** As written. */
  readonly text: string
  readonly terms: readonly PositionTerm[]
}

/** A row of the `steered` dialect, as lm_eval's model `steered` reads it. */
export interface SteeredRow {
  readonly line: number
  readonly loader: (typeof loaders)[number]
  readonly action: (typeof steeredActions)[number]
  readonly sparse_model: string
  readonly hookpoint: string | null
  readonly feature_index: number
  readonly steering_coefficient: number
  readonly head_index: number | null
  readonly sae_id: string | null
  readonly description: string | null
  readonly extra: Readonly<Record<string, string>>
}

/** How a column's cells are read. */
export type CellType = 'index' | 'number' | 'name' | 'text' | 'positions' | readonly string[]

export interface Column {
  readonly name: string
  readonly type: CellType
  /** Every row must have a value; columns without one give the default. */
  readonly required: boolean
  readonly default: string | null
  /** Whether rows without a value leave the property out instead of holding null. */
  readonly sparse: boolean
}

const required = (name: string, type: CellType): Column => ({
  name,
  type,
  required: true,
  default: null,
  sparse: false,
})
const optional = (name: string, type: CellType, fallback: string | null = null): Column => ({
  name,
  type,
  required: false,
  default: fallback,
  sparse: false,
})
const sparse = (name: string, type: CellType): Column => ({ name, type, required: false, default: null, sparse: true })

/** The columns of each dialect, in the order in which problems are reported. */
export const columns: Readonly<Record<Dialect, readonly Column[]>> = {
  sae_steered_beta: [
    required('latent_idx', 'index'),
    required('steering_coefficient', 'number'),
    required('sae_release', 'name'),
    required('sae_id', 'name'),
    optional('hook_action', hookActions, 'add'),
    optional('description', 'text'),
    optional('clamp_value', 'number'),
    optional('refuse_id', 'index'),
    sparse('neuronpedia', 'name'),
    sparse('positions', 'positions'),
    sparse('skip_positions', 'positions'),
    sparse('condition_latent', 'index'),
    sparse('condition_threshold', 'number'),
    sparse('condition_sae_release', 'name'),
    sparse('condition_sae_id', 'name'),
    sparse('condition_neuronpedia', 'name'),
    sparse('head_index', 'index'),
    sparse('origin', origins),
    sparse('random_direction', 'index'),
    sparse('unit', units),
    sparse('max_activation', 'number'),
  ],
  steered: [
    optional('loader', loaders, 'sparsify'),
    optional('action', steeredActions, 'add'),
    required('sparse_model', 'name'),
    optional('hookpoint', 'name'),
    required('feature_index', 'index'),
    required('steering_coefficient', 'number'),
    optional('head_index', 'index'),
    optional('sae_id', 'name'),
    optional('description', 'text'),
  ],
}

/** A file is of the dialect whose columns of a latent or feature it has; one that has none of them by the columns that only `steered` has. */
export function detectDialect(header: readonly string[]): Dialect {
  const has = (...names: readonly string[]) => names.some((name) => header.includes(name))
  if (has('sparse_model', 'feature_index')) return 'steered'
  if (has('latent_idx', 'neuronpedia')) return 'sae_steered_beta'
  return has('loader', 'hookpoint') ? 'steered' : 'sae_steered_beta'
}
