import type { PreparedTask } from '@saeval/eval-harness'
import type { SteerableModel } from '@saeval/language-model'
import { againstControls } from '@saeval/report'
import type { SteeringEdit } from '@saeval/sae-core'
import { withRandomDirections } from '@saeval/steering/internal/edits/random-direction'
import { latentFacts } from '../controls/latent-facts.js'
import { matchedLatents } from '../controls/matched-latents.js'
import type { Arm } from './arms.js'
import { meanGain } from './measured.js'
import type { DocumentProblem } from './search-problem.js'
import { editOf } from './search-problem.js'
import type { SearchResult } from './search-record.js'

export interface ControlWinnerOptions {
  readonly base: SteerableModel
  readonly arm: Arm
  /** What the meter knows the arm by. */
  readonly key: string
  readonly problem: Pick<DocumentProblem, 'objectiveOf' | 'controlsAhead'>
  /** Controls of each kind. */
  readonly count: number
  readonly seed: number
  /** Documents on which densities of latents are measured. */
  readonly texts: readonly PreparedTask[]
  readonly onControl?: (done: number, total: number) => void
  readonly signal?: AbortSignal
}

/**
 * The objective's gain on the confirming documents of an arm, beside the same action and coefficient on random latents that match it in density and decoder
 * norm, and in random directions of the same length; and with the sign of the coefficient flipped.
 */
export async function controlWinner(
  options: ControlWinnerOptions,
): Promise<Pick<SearchResult, 'controls' | 'flipped'>> {
  const { arm, count, seed, problem, texts, base, signal } = options
  const own = editOf(arm)
  const { sae, latent } = arm.candidate
  const facts = await latentFacts(base, sae, texts, signal)
  const latents = matchedLatents([{ sae: sae.reference.id, latent, facts }], count, seed).flat()
  const edits: Record<'random latents' | 'random directions', SteeringEdit[]> = {
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
  const effect = await gainOf(options.key, own)
  await problem.controlsAhead(
    Object.entries(edits).flatMap(([kind, list]) => list.map((edit, index) => [`${kind} ${index}`, edit] as const)),
  )
  const controls: SearchResult['controls'][number][] = []
  for (const [kind, list] of Object.entries(edits) as [keyof typeof edits, SteeringEdit[]][]) {
    const gains: number[] = []
    for (const [index, edit] of list.entries()) {
      options.onControl?.(done++, total)
      gains.push(await gainOf(`${kind} ${index}`, edit))
    }
    if (gains.length < 2) continue
    // of a share the smallest effect is that of one document
    const against = againstControls(effect, gains, isShare ? 1 / before.length : 0)
    controls.push({ kind, effect, controls: gains, against })
  }
  const flipped = own.coefficient === 0 ? null : await gainOf('flipped', { ...own, coefficient: -own.coefficient })
  return { controls, flipped }
}
