import { againstControls } from '@saeval/report'
import type { SaeFile, SteeringEdit } from '@saeval/sae-core'
import { withRandomDirections } from '@saeval/steering/internal/edits/random-direction'
import type { LatentActivity } from '@saeval/steering/internal/ranking/latent-activity'
import { matchedLatents } from '../controls/matched-latents.js'
import { attempt } from '../run-cell.js'
import { type Arm, editOf } from './arms.js'
import { meanGain } from './measured.js'
import type { DocumentProblem } from './search-problem.js'
import type { ControlledWinner, SearchResult } from './search-record.js'

export interface ControlWinnerOptions {
  readonly arm: Arm
  /** What the meter knows the arm by. */
  readonly key: string
  readonly problem: Pick<DocumentProblem, 'objectiveOf' | 'controlsAhead'>
  /** Controls of each kind. */
  readonly count: number
  readonly seed: number
  /** How active the latents of an SAE are, for densities. */
  readonly activity: (sae: SaeFile) => Promise<LatentActivity>
  readonly onControl?: (done: number, total: number) => void
}

/**
 * The objective's gain on the confirming documents of an arm, beside the same action and coefficient on random latents that match it in density and decoder
 * norm, and in random directions of the same length; and with the sign of the coefficient flipped. p is one-sided: for doing more than they do. A control
 * that cannot run is left out, and named in the notes, as is whatever keeps controls from being what they should.
 */
export async function controlWinner(options: ControlWinnerOptions): Promise<ControlledWinner> {
  const { arm, count, seed, problem } = options
  const own = editOf(arm)
  const { sae, latent } = arm.candidate
  const notes: string[] = []
  const { sparsity: density } = await options.activity(sae)
  const facts = { density, norm: await sae.rowLengths() }
  if (density[latent] === 0)
    notes.push(
      `latent ${latent} is never active on the texts that densities are measured on: random latents match it in decoder norm alone`,
    )
  const latents = matchedLatents([{ sae: sae.reference.id, latent, facts }], count, seed).flat()
  if (latents.length < count)
    notes.push(
      `only ${latents.length} other latents of ${sae.reference.id} are active on these texts, fewer than ${count} controls`,
    )
  const edits: Record<SearchResult['controls'][number]['kind'], SteeringEdit[]> = {
    'random latents': latents.map((other) => ({ ...own, latent: other })),
    'random directions': Array.from({ length: count }, (_, index) => ({
      ...own,
      sae: withRandomDirections(sae, seed + index),
    })),
  }
  const total = latents.length + count
  let done = 0
  const before = await problem.objectiveOf('unsteered', null)
  const isZeroOrOne = (values: readonly number[]) => values.every((value) => value === 0 || Math.abs(value) === 1)
  let isShare = isZeroOrOne(before)
  const gainOf = async (key: string, edit: SteeringEdit) => {
    const after = await problem.objectiveOf(key, edit)
    isShare &&= isZeroOrOne(after)
    return meanGain(before, after)
  }
  const controlGain = async (name: string, edit: SteeringEdit) => {
    const gain = await attempt(gainOf(name, edit))
    if (typeof gain === 'number') return [gain]
    notes.push(`control ${name} is left out: ${gain}`)
    return []
  }
  const effect = await gainOf(options.key, own)
  await problem.controlsAhead(
    Object.entries(edits).flatMap(([kind, list]) => list.map((edit, index) => [`${kind} ${index}`, edit] as const)),
  )
  const controls: ControlledWinner['controls'][number][] = []
  for (const [kind, list] of Object.entries(edits) as [keyof typeof edits, SteeringEdit[]][]) {
    const gains: number[] = []
    for (const [index, edit] of list.entries()) {
      options.onControl?.(done++, total)
      gains.push(...(await controlGain(`${kind} ${index}`, edit)))
    }
    if (gains.length < 2) {
      notes.push(`${kind}: ${gains.length} of them ran, too few to hold the winner against`)
      continue
    }
    // of a share the smallest effect is that of one document
    const against = againstControls(effect, gains, isShare ? 1 / before.length : 0, 'above')
    controls.push({ kind, effect, controls: gains, against })
  }
  const [flipped = null] =
    own.coefficient === 0 ? [] : await controlGain('flipped', { ...own, coefficient: -own.coefficient })
  return { controls, flipped, controlNotes: notes }
}
