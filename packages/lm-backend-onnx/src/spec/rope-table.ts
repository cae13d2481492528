import { InputError } from '@saeval/hub'
import type { LayerSpec } from './model-spec.js'
import type { ModelConfig } from './read-config.js'
import type { Llama3Scaling, Rope, YarnScaling } from './rope.js'

/** The angles of a rotary embedding: each pair turns by position times its frequency; cos and sin are multiplied by `scale`. */
export interface RopeTable {
  /** [pairs] */
  readonly frequencies: Float32Array
  readonly scale: number
}

/** A rotary embedding of heads of one width. */
export interface HeadRope {
  readonly rope: Rope
  readonly dHead: number
}

/** The different rotary embeddings of layers, in their order. */
export function ropesOf(layers: readonly LayerSpec[]): readonly HeadRope[] {
  const ropes = layers.flatMap(({ attention }): HeadRope[] => {
    if (attention.kind !== 'softmax' || attention.rope === null) return []
    return [{ rope: attention.rope, dHead: attention.dHead }]
  })
  return [...new Map(ropes.map((rope) => [ropeKey(rope), rope])).values()]
}

/** Equal for equal embeddings. */
export function ropeKey({ rope, dHead }: HeadRope): string {
  return JSON.stringify([rope, dHead])
}

/** theta^(-2i / n) for each pair i of the n dimensions that turn, scaled; in float32 where transformers computes in it. */
export function ropeTable({ theta, fraction, scaling }: Rope, dHead: number): RopeTable {
  const turning = Math.trunc(dHead * fraction)
  const periods = Float32Array.from(
    { length: Math.ceil(turning / 2) },
    (_, i) => theta ** Math.fround((2 * i) / turning),
  )
  const plain = periods.map((period) => 1 / period)
  switch (scaling?.kind) {
    case undefined:
      return { frequencies: plain, scale: 1 }
    case 'linear':
      return { frequencies: plain.map((frequency) => frequency / scaling.factor), scale: 1 }
    case 'llama3':
      return { frequencies: plain.map((frequency) => llama3Frequency(frequency, scaling)), scale: 1 }
    case 'yarn': {
      const ramp = yarnRamp(scaling, theta, turning)
      const frequencies = plain.map((frequency, i) => {
        const scaled = Math.fround(1 / Math.fround(scaling.factor * periods[i]!))
        return Math.fround(scaled * ramp(i)) + Math.fround(frequency * Math.fround(1 - ramp(i)))
      })
      return { frequencies, scale: scaling.attentionFactor }
    }
    case 'proportional': {
      // pairs of the whole head, of which the first turn: transformers' int(share * head // 2)
      const turningPairs = Math.floor((scaling.share * dHead) / 2)
      const frequencies = plain.map((frequency, pair) => (pair < turningPairs ? frequency / scaling.factor : 0))
      return { frequencies, scale: 1 }
    }
    case 'longrope': {
      const frequencies = periods.map((period, i) => 1 / Math.fround(scaling.factors[i]! * period))
      return { frequencies, scale: scaling.attentionFactor }
    }
  }
}

/**
 * Cosines and sines [length, pairs] of positions from 0 on, each multiplied by the embedding's scale. Angles are float32, as in transformers;
 * their cosines and sines are those of double precision, rounded.
 */
export function rotaryTable(rope: Rope, dHead: number, length: number): { cos: Float32Array; sin: Float32Array } {
  const { frequencies, scale } = ropeTable(rope, dHead)
  const pairs = frequencies.length
  const factor = Math.fround(scale)
  const table = (wave: (angle: number) => number) =>
    Float32Array.from({ length: length * pairs }, (_, at) => {
      const angle = Math.fround(Math.floor(at / pairs) * frequencies[at % pairs]!)
      return Math.fround(wave(angle)) * factor
    })
  return { cos: table(Math.cos), sin: table(Math.sin) }
}

/** Throws InputError for rotary positions that cannot be computed for heads of this width. */
export function checkRope({ file }: ModelConfig, rope: Rope, dHead: number): void {
  const turning = Math.trunc(dHead * rope.fraction)
  if (turning === 0 || 2 * Math.ceil(turning / 2) > dHead)
    throw new InputError(
      `${file}: rotary positions turn ${turning} of the ${dHead} numbers of a head, expected at least one whole pair`,
    )
  const pairs = Math.ceil(turning / 2)
  if (rope.scaling?.kind === 'longrope' && rope.scaling.factors.length !== pairs)
    throw new InputError(
      `${file}: short_factor has ${rope.scaling.factors.length} numbers for ${pairs} pairs of a head`,
    )
  const { frequencies, scale } = ropeTable(rope, dHead)
  if (!Number.isFinite(Math.fround(scale)) || !frequencies.every(Number.isFinite))
    throw new InputError(`${file}: the frequencies of its rotary positions are beyond float32; download it again`)
}

/** By wavelength: short ones stay, long ones are divided by the factor, between them the two are mixed (transformers' "llama3"). */
function llama3Frequency(frequency: number, scaling: Llama3Scaling): number {
  const { factor, lowFrequencyFactor: low, highFrequencyFactor: high, originalMaxPositions: original } = scaling
  const wavelength = (2 * Math.PI) / frequency
  if (wavelength < original / high) return frequency
  if (wavelength > original / low) return frequency / factor
  const smooth = (original / wavelength - low) / (high - low)
  return (1 - smooth) * (frequency / factor) + smooth * frequency
}

/** 0 for pairs that turn more than betaFast times within the original length, 1 below betaSlow turns (YaRN, section 3.2). */
function yarnRamp(scaling: YarnScaling, theta: number, turning: number): (pair: number) => number {
  const dimensionOf = (turns: number) =>
    (turning * Math.log(scaling.originalMaxPositions / (turns * 2 * Math.PI))) / (2 * Math.log(theta))
  const round = scaling.truncate ? { low: Math.floor, high: Math.ceil } : { low: Number, high: Number }
  const low = Math.max(round.low(dimensionOf(scaling.betaFast)), 0)
  const end = Math.min(round.high(dimensionOf(scaling.betaSlow)), turning - 1)
  const high = low === end ? end + 0.001 : end
  return (pair) => Math.min(1, Math.max(0, Math.fround(Math.fround(pair - low) / (high - low))))
}
