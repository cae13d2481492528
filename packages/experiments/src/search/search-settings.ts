/** What a search wants more of. */
export interface Objective {
  /** Tasks or groups. */
  readonly tasks: readonly string[]
  readonly metric: string
  readonly wanted: 'up' | 'down'
}

/** What a search must not change by more than a budget. */
export interface Guard {
  /** Tasks or groups; tasks of the objective among them are left out. */
  readonly tasks: readonly string[]
  readonly metric: string
  /** In hundredths of the metric's unit: -3 may fall by 3 points, 3 may rise by 3. */
  readonly points: number
}

/** Actions that a search can try: those whose strength is an activation, and ablate. */
export type SearchAction = 'add' | 'add_latent' | 'clamp' | 'clamp_active' | 'ablate'

/** A budget in tokens, or in minutes at the speed that the first documents have. */
export type SearchBudget = { readonly tokens: number } | { readonly minutes: number }
