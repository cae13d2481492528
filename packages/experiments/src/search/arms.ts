import type { Candidate } from './candidates.js'
import type { SearchAction } from './search-settings.js'

/** One way to steer. */
export interface Arm {
  readonly candidate: Candidate
  readonly action: SearchAction
  /** Multiple of the latent's largest activation; null of ablate. */
  readonly strength: number | null
  /** The plain coefficient. */
  readonly coefficient: number
}

export interface ArmOptions {
  readonly actions: readonly SearchAction[]
  readonly strengths: readonly number[]
}

/**
 * The arms of a candidate whose largest activation is known. Where `sign` says which way the latent must go (not 0), additions of the other sign, and
 * clamps to the other side of 0, are left out; so are additions of 0.
 */
export function armsOf(candidate: Candidate, largest: number, sign: number, { actions, strengths }: ArmOptions): Arm[] {
  return actions.flatMap((action): Arm[] => {
    if (action === 'ablate') return sign > 0 ? [] : [{ candidate, action, strength: null, coefficient: 0 }]
    const adds = action === 'add' || action === 'add_latent'
    return strengths
      .filter((strength) => (strength === 0 ? !adds && sign <= 0 : sign * strength >= 0))
      .map((strength) => ({ candidate, action, strength, coefficient: Number((strength * largest).toPrecision(6)) }))
  })
}

/** "clamp_active latent 121 to -20 (dogs)" and the like. */
export function armText({ candidate: { latent, label, reference }, action, coefficient, strength }: Arm): string {
  const what = action === 'ablate' ? '' : ` ${coefficient} (${strength} of its largest activation)`
  return `${action}${what}, latent ${latent}${label === null ? '' : ` (${label})`} of ${reference.id}`
}
