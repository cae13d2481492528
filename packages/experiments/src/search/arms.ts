import { isDeepStrictEqual } from 'node:util'
import { type HeadSize, lowerEdits, type SteeringEdit } from '@saeval/sae-core'
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

/** What an arm does to the model. */
export function editOf({ candidate: { sae, latent }, action, coefficient }: Arm): SteeringEdit {
  return { sae, latent, action, coefficient }
}

/**
 * The arms of a candidate whose largest activation is known. Where `sign` says which way the latent must go (not 0), additions of the other sign, and
 * clamps to the other side of 0, are left out; so are additions of 0.
 */
export function armsOf(candidate: Candidate, largest: number, sign: number, { actions, strengths }: ArmOptions): Arm[] {
  return actions.flatMap((action): Arm[] => {
    if (action === 'ablate') return sign > 0 ? [] : [{ candidate, action, strength: null, coefficient: 0 }]
    const arms = strengths.map(
      (strength): Arm => ({ candidate, action, strength, coefficient: Number((strength * largest).toPrecision(6)) }),
    )
    return arms.filter((arm) => (arm.coefficient === 0 ? !isAdded(arm) && sign <= 0 : sign * arm.coefficient >= 0))
  })
}

/** Arms of one candidate without those that do the same as one before. */
export async function distinctArms(arms: readonly Arm[], dHead: HeadSize): Promise<Arm[]> {
  const kept: Arm[] = []
  for (const arm of arms) {
    const same = await Promise.all(kept.map((other) => doTheSame(arm, other, dHead)))
    if (!same.includes(true)) kept.push(arm)
  }
  return kept
}

/**
 * Whether two arms of one candidate do the same. Activations are never below 0, so a latent that is clamped to 0, everywhere or where it is active, is as
 * silent as one that is ablated. add_latent is add where it lowers to the same numbers.
 */
async function doTheSame(one: Arm, other: Arm, dHead: HeadSize): Promise<boolean> {
  if (one.coefficient !== other.coefficient) return false
  if (one.action === other.action) return true
  const areAdded = [one, other].map(isAdded)
  if (!areAdded.includes(true)) return one.coefficient === 0
  if (areAdded.includes(false)) return false
  const [a, b] = await Promise.all([one, other].map((arm) => lowerEdits([editOf(arm)], { dHead })))
  return isDeepStrictEqual(a, b)
}

function isAdded({ action }: Arm): boolean {
  return action === 'add' || action === 'add_latent'
}

/** "clamp_active latent 121 to -20 (dogs)" and the like. */
export function armText({ candidate: { latent, label, reference }, action, coefficient, strength }: Arm): string {
  const what = action === 'ablate' ? '' : ` ${coefficient} (${strength} of its largest activation)`
  return `${action}${what}, latent ${latent}${label === null ? '' : ` (${label})`} of ${reference.id}`
}
