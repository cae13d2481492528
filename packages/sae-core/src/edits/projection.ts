import type { EditAction } from './steering-edit.js'
import type { VectorAction } from './vector-change.js'

const projectActions = ['project_clamp', 'project_scale', 'project_cap'] as const

/** Actions that change how far an activation reaches along a direction, and read no latent. */
export type ProjectAction = (typeof projectActions)[number]

/** Whether an action is one along a direction. */
export function isProjection<Action extends EditAction | VectorAction>(
  action: Action,
): action is Action & ProjectAction {
  return (projectActions as readonly string[]).includes(action)
}

/** How the value p along a direction changes: to (1 + alpha) p + beta, only where p is above `above`; null is everywhere. */
export interface ProjectionChange {
  readonly alpha: number
  readonly beta: number
  readonly above: number | null
}

/** What the actions make of p: v, m p, and min(p, v). The last two are interp_engine's ORTHOGONAL_DECOMP and PROJECTION_CAP (steer.py). */
export const projectionChanges: Readonly<Record<ProjectAction, (coefficient: number) => ProjectionChange>> = {
  project_clamp: (v) => ({ alpha: -1, beta: v, above: null }),
  project_scale: (m) => ({ alpha: m - 1, beta: 0, above: null }),
  project_cap: (v) => ({ alpha: -1, beta: v, above: v }),
}
