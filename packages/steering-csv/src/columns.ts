/** The two kinds of steering file. */
export type Dialect = 'sae_steered_beta' | 'steered'

/** Actions of `hook_action`; clamp_cond is another name of clamp_above. */
export const hookActions = [
  'add',
  'clamp',
  'clamp_active',
  'clamp_above',
  'clamp_cond',
  'clamp_refusal',
  'scale',
  'ablate',
] as const
export type HookAction = (typeof hookActions)[number]

export const steeredActions = ['add', 'clamp'] as const
export const loaders = ['sparsify', 'sae_lens'] as const

/** A row of the `sae_steered_beta` dialect; keys are the columns' names. */
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
  /** Cells of columns that mean nothing to saeval. */
  readonly extra: Readonly<Record<string, string>>
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
export type CellType = 'index' | 'number' | 'name' | 'text' | readonly string[]

export interface Column {
  readonly name: string
  readonly type: CellType
  /** Every row must have a value; columns without one give the default. */
  readonly required: boolean
  readonly default: string | null
}

const required = (name: string, type: CellType): Column => ({ name, type, required: true, default: null })
const optional = (name: string, type: CellType, fallback: string | null = null): Column => ({
  name,
  type,
  required: false,
  default: fallback,
})

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

/** A file with any column that only `steered` has is of that dialect. */
export function detectDialect(header: readonly string[]): Dialect {
  return ['sparse_model', 'feature_index', 'loader', 'hookpoint'].some((name) => header.includes(name))
    ? 'steered'
    : 'sae_steered_beta'
}
