import { option, type Sentence, sentence } from '@saeval/hub'
import type { SteerableModel } from '@saeval/language-model'
import { applyIntervention, type Intervention, readPoint } from '@saeval/sae-core'
import { readsOf } from '../effects/edit-effects.js'
import { allowed, type Check, largest } from './check.js'
import { type Subject, settingsOf } from './subject.js'

/**
 * Every row alone changes the activation at its hook point as its formula says, computed in float64 from the activations without it. A row
 * that changes nothing there is a problem.
 */
export const rowsFollowFormula: Check<Subject> = {
  name: 'each row changes its hook point as its formula says',
  allowed: allowed.edit,
  run: async (subject) => {
    const { base, trial } = subject
    const deviations: { what: string; deviation: number }[] = []
    const problems: Sentence[] = []
    for (const row of trial.rows) {
      const { place, what } = row
      const [alone, without] = [await row.alone(), await row.without()]
      const name = `${place.path}:${place.line ?? place.entry}: ${what}`
      for (const [index, intervention] of alone.entries()) {
        // a latent that writes to several layers changes those above, which see what it has changed below
        const others = alone.filter((other) => other !== intervention)
        const plain = await capture(subject, others, intervention)
        const expected = apply(subject, plain, intervention)
        const actual = await captureOne(subject, base.steer(alone), intervention.hookPoint)
        const { hookPoint } = intervention
        deviations.push({
          what: `${name}: ${hookPoint} is off`,
          deviation: deviation(subject, plain, intervention, actual),
        })
        // pr2641 changes activations without any row
        const before = without[index] === undefined ? plain.data : apply(subject, plain, without[index])
        if (!isVisible(plain.width, before, expected))
          problems.push(
            sentence`${name} changes nothing at ${hookPoint} on this text; give a ${option('text')} on which it acts`,
          )
      }
    }
    return { deviations, problems }
  },
}

/** The same for all rows, hook point after hook point, with all other hook points edited by the model. */
export const allRowsFollowFormula: Check<Subject> = {
  name: 'all rows together do, at each hook point',
  allowed: allowed.edit,
  run: async (subject) => {
    const { base, trial } = subject
    if (trial.rows.length === 1) return { notApplicable: 'there is one row' }
    const deviations = []
    for (const intervention of trial.together) {
      const others = trial.together.filter((other) => other !== intervention)
      const plain = await capture(subject, others, intervention)
      const actual = await captureOne(subject, base.steer(trial.together), intervention.hookPoint)
      const off = deviation(subject, plain, intervention, actual)
      deviations.push({ what: `all rows together: ${intervention.hookPoint} is off`, deviation: off })
    }
    return { deviations }
  },
}

/**
 * Scores are those of the unsteered model into which the activations that follow the formulas are put from outside, row by row and all
 * together: the edits reach the output, and nothing else does.
 */
export const scoresFollowFormula: Check<Subject> = {
  name: 'scores are those of the unsteered model with the edits made outside it',
  allowed: allowed.outside,
  run: async (subject) => {
    const { base, trial, ids, promptLength } = subject
    if (base.runWithHooks === undefined) return { notApplicable: 'this backend has no runWithHooks' }
    const predictions = ids.slice(1).map((token, position) => ({ position, token }))
    const deviations = []
    for (const { name, setting } of await settingsOf(trial)) {
      const [scored] = await base.steer(setting).scoreTokens([{ ids, predictions, promptLength }])
      const outside = await fromOutside(subject, setting)
      const off = largest(scored!.logprobs.map((logprob, index) => Math.abs(logprob - outside[index]!)))
      deviations.push({ what: `${name}: log-probabilities are off`, deviation: off })
    }
    return { deviations }
  },
}

/** Activations of a text at an intervention's hook point and those it reads, by the names of `readFrom`. */
interface Captured {
  readonly data: Float32Array
  readonly width: number
  readonly reads: ReadonlyMap<string, Float32Array>
}

/** What an intervention finds, with the others in the model. */
async function capture(
  subject: Subject,
  others: readonly Intervention[],
  intervention: Intervention,
): Promise<Captured> {
  const { base, ids, promptLength } = subject
  const names = readsOf(intervention)
  const { hookPoint } = intervention
  const left = names.filter((name) => !readPoint(name).arrives)
  const captured = await base
    .steer(others)
    .captureActivations(ids, [...new Set([hookPoint, ...left])], { promptLength })
  const reads = new Map(left.map((name) => [name, captured.get(name)!.data]))
  for (const name of names.filter((read) => readPoint(read).arrives)) {
    const place = readPoint(name).hookPoint
    // what arrives there is what a model without edits there has
    const before = others.filter((other) => other.hookPoint !== place)
    reads.set(name, await captureOne(subject, base.steer(before), place))
  }
  const { data, dims } = captured.get(hookPoint)!
  return { data, width: dims[1], reads }
}

async function captureOne(
  { ids, promptLength }: Subject,
  model: SteerableModel,
  hookPoint: string,
): Promise<Float32Array> {
  return (await model.captureActivations(ids, [hookPoint], { promptLength })).get(hookPoint)!.data
}

function apply({ places }: Subject, { data, width, reads }: Captured, intervention: Intervention): Float32Array {
  return applyIntervention(data, intervention, width, { reads, places })
}

// a latent this near its threshold, relative to the activation, is active or not by rounding
const rounding = 2e-6
const nudges = 16

/**
 * See `allowed.edit`. Where rounding decides whether a latent is active, either answer is right: a token that is off is tried again with
 * its activation nudged by as much as rounding.
 */
function deviation(subject: Subject, plain: Captured, intervention: Intervention, actual: Float32Array): number {
  const { data, width, reads } = plain
  if (actual.length !== data.length) return Number.POSITIVE_INFINITY
  const expected = apply(subject, plain, intervention)
  return largest(
    subject.places.map((place, token) => {
      const part = (values: Float32Array) => {
        const own = values.length / subject.places.length
        return values.subarray(token * own, (token + 1) * own)
      }
      const [x, found] = [part(data), part(actual)]
      let off = distanceAt(x, part(expected), found)
      for (let nudge = 1; off > allowed.edit && nudge <= nudges; nudge++) {
        const nudged = (values: Float32Array, seed: number) =>
          part(values).map((value, i) => value * (1 + rounding * Math.sin(nudge * 7919 + seed + i * 104729)))
        const near = nudged(data, 0)
        const nearReads = new Map([...reads].map(([name, values]) => [name, nudged(values, name.length)]))
        const other = applyIntervention(near, intervention, width, { reads: nearReads, places: [place] })
        off = Math.min(off, distanceAt(near, other, found))
      }
      return off
    }),
  )
}

/** How far one token's activation is from what it should be. */
function distanceAt(x: Float32Array, expected: Float32Array, actual: Float32Array): number {
  const change = most(0, x.length, (i) => expected[i]! - x[i]!)
  const size = most(0, x.length, (i) => expected[i]!)
  const off = most(0, x.length, (i) => actual[i]! - expected[i]!)
  return off === 0 ? 0 : off / Math.max(change, 0.01 * size)
}

/** Whether a change is more, at some token, than what goes for rounding. */
function isVisible(width: number, before: Float32Array, after: Float32Array): boolean {
  return tokens(width, after).some(([from, to]) => {
    const change = most(from, to, (i) => after[i]! - before[i]!)
    return change > allowed.edit * 0.01 * most(from, to, (i) => after[i]!)
  })
}

function tokens(width: number, data: Float32Array): [from: number, to: number][] {
  return Array.from({ length: data.length / width }, (_, token) => [token * width, (token + 1) * width])
}

function most(from: number, to: number, value: (i: number) => number): number {
  let found = 0
  for (let i = from; i < to; i++) found = Math.max(found, Math.abs(value(i)))
  return found
}

/** Log-probability of each of the text's tokens after the first, with the activations that the checks above have compared put in. */
async function fromOutside({ base, ids, promptLength }: Subject, setting: readonly Intervention[]): Promise<number[]> {
  const hookPoints = setting.map(({ hookPoint }) => hookPoint)
  const edited = await base.steer(setting).captureActivations(ids, hookPoints, { promptLength })
  const hooks = Object.fromEntries(hookPoints.map((name) => [name, () => edited.get(name)!.data]))
  const { logits } = await base.steer([]).runWithHooks!(ids, hooks, { promptLength })
  return ids.slice(1).map((token, position) => logProbability(logits[position]!, token))
}

function logProbability(logits: Float32Array, token: number): number {
  const highest = logits.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)
  return logits[token]! - highest - Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - highest), 0))
}
