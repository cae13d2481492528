import type { Edit } from '../edit.js'
import type { Latent } from '../protocol.js'

/** The ends of a slider, and its steps. */
export interface Slider {
  readonly min: number
  readonly max: number
  readonly step: number
}

/**
 * The slider of an edit: to twice what the latent is at most (40 where that is not known), and half as far again as its coefficient, so that every one that comes from
 * a run, a link or the keyboard can be reached and passed. A factor goes from -2 to 4. Zero is one of its steps.
 */
export function sliderOf({ action, coefficient }: Edit, { maxActivation }: Pick<Latent, 'maxActivation'>): Slider {
  const isFactor = action === 'scale'
  const usual = isFactor ? 4 : 2 * Math.max(1, Math.ceil(maxActivation ?? 20))
  const wanted = Math.max(usual, 1.5 * Math.abs(coefficient))
  const step = stepOf(wanted)
  const upTo = (end: number) => round(Math.ceil(round(end / step)) * step)
  const max = upTo(wanted)
  // a factor below zero is rare
  return { min: -(isFactor && coefficient >= -2 ? upTo(2) : max), max, step }
}

/** 1, 2 or 5 times a power of ten, of which some 50 to 120 lead from zero to the end. */
function stepOf(most: number): number {
  const least = most / 120
  const power = 10 ** Math.floor(Math.log10(least))
  const times = [1, 2, 5, 10].find((factor) => factor * power >= least * 0.999999)!
  return round(times * power)
}

/** Without the last digits, in which sums of decimal fractions differ. */
function round(value: number): number {
  return Number(value.toPrecision(12))
}
