import type { SteerableModel } from '@saeval/language-model'
import {
  applyIntervention,
  type EditStage,
  type Intervention,
  type LatentReader,
  type LatentSlot,
  readPoint,
} from '@saeval/sae-core'

/** What one setting does to the next-token logits of a text. */
export interface EditEffect {
  /** Largest |difference| of a logit to the unsteered model; NaN where the setting makes the activations overflow. */
  readonly change: number
  /** Whether the change is more than rounding. */
  readonly acts: boolean
  /**
   * Whether the setting acts when every latent it reads is held active. A clamp of a latent that is silent on this text changes
   * nothing here and is none the less a working edit; a scale by 1 changes nothing ever.
   */
  readonly actsWhenActive: boolean
}

// rounding differs between the rows of a batch by no more than a few times what two equal rows show
const noiseFactor = 8
const rowsPerPass = 32

/**
 * Measures each setting alone against the unsteered model, all as rows of the same batches, so that a setting that silently does
 * nothing shows before hours of scoring. `ids` is the text, in tokens; edits that select positions act at all of them here. A setting
 * that puts a whole SAE into the stream changes everything by that alone: `baselines` has for each setting what it is compared with.
 */
export async function measureEffects(
  model: SteerableModel,
  ids: readonly number[],
  settings: readonly (readonly Intervention[])[],
  baselines: readonly (readonly Intervention[])[] = settings.map(() => []),
): Promise<EditEffect[]> {
  const acting = settings.map((setting) => setting.map(everywhere))
  const changes = await changesFrom(model, ids, acting, baselines)
  const silent = [...settings.keys()].filter((index) => !changes[index]!.acts)
  const held = await changesFrom(
    model,
    ids,
    silent.map((index) => acting[index]!.map(holdActive)),
    silent.map((index) => baselines[index]!),
  )
  const acts = new Set(silent.filter((_, at) => held[at]!.acts))
  return changes.map((change, index) => ({ ...change, actsWhenActive: change.acts || acts.has(index) }))
}

/**
 * The same row by row by their formulas, at the hook points of each instead of in the logits: `change` is that of an activation of the text's last
 * tokens. Takes microseconds for each, where the model takes milliseconds.
 */
export async function effectsByFormula(
  model: SteerableModel,
  ids: readonly number[],
  rows: readonly { alone(): Promise<readonly Intervention[]>; without(): Promise<readonly Intervention[]> }[],
): Promise<EditEffect[]> {
  const captured = new Map<string, Float32Array>()
  const lastTokens = async (hookPoint: string) => {
    const known = captured.get(hookPoint)
    if (known !== undefined) return known
    const { data, dims } = (await model.steer([]).captureActivations(ids, [hookPoint])).get(hookPoint)!
    const last = data.slice(-Math.min(tokensTried, dims[0]) * dims[1])
    captured.set(hookPoint, last)
    return last
  }
  const effects: EditEffect[] = []
  for (const { alone, without } of rows) {
    const baseline = await without()
    const atPlaces: EditEffect[] = []
    for (const [index, setting] of (await alone()).entries()) {
      const x = await lastTokens(setting.hookPoint)
      const reads = new Map<string, Float32Array>()
      // nothing is edited: what arrives at a hook point is what leaves it
      for (const name of readsOf(setting)) reads.set(name, await lastTokens(readPoint(name).hookPoint))
      atPlaces.push(effectAt(x, setting, baseline[index] ?? null, reads, Math.min(tokensTried, ids.length)))
    }
    // a latent that writes to several layers acts where it acts in any
    effects.push({
      change: Math.max(...atPlaces.map(({ change }) => change)),
      acts: atPlaces.some(({ acts }) => acts),
      actsWhenActive: atPlaces.some(({ actsWhenActive }) => actsWhenActive),
    })
  }
  return effects
}

/** An edit's effect on x [tokens, d] at one of its hook points. */
function effectAt(
  x: Float32Array,
  setting: Intervention,
  baseline: Intervention | null,
  reads: ReadonlyMap<string, Float32Array>,
  tokens: number,
): EditEffect {
  const width = x.length / tokens
  const before = baseline === null ? x : applyIntervention(x, baseline, width, { reads })
  const changeOf = (edited: Intervention) => largestDifference(before, applyIntervention(x, edited, width, { reads }))
  const smallest = largest(before) * 2 ** -22
  const change = changeOf(everywhere(setting))
  const acts = !(change <= smallest)
  const isRead = setting.stages.some(({ readers }) => readers.length > 0)
  return {
    change: Number.isFinite(change) ? change : Number.NaN,
    acts,
    actsWhenActive: acts || (isRead && !(changeOf(holdActive(everywhere(setting))) <= smallest)),
  }
}

const tokensTried = 2

/** What an intervention's stages read elsewhere than where they act, by the names of `readFrom`. */
export function readsOf({ stages }: Intervention): string[] {
  const names = stages.flatMap(({ readers, saeReplacement }) => [
    ...readers.map(({ readFrom }) => readFrom),
    saeReplacement?.readFrom,
  ])
  return [...new Set(names.filter((name) => name != null))]
}

async function changesFrom(
  model: SteerableModel,
  ids: readonly number[],
  settings: readonly (readonly Intervention[])[],
  baselines: readonly (readonly Intervention[])[],
): Promise<{ change: number; acts: boolean }[]> {
  const results: { change: number; acts: boolean }[] = []
  for (let start = 0; start < settings.length; start += rowsPerPass) {
    const part = settings.slice(start, start + rowsPerPass)
    const compared = baselines.slice(start, start + rowsPerPass).filter((baseline) => baseline.length > 0)
    // the unsteered model first and last: what these two differ by is rounding
    const logits = await model.lastLogits(ids, [[], ...part, ...compared, []])
    const plain = logits[0]!
    const noise = largestDifference(plain, logits.at(-1)!)
    const smallest = Math.max(noise * noiseFactor, largest(plain) * 2 ** -22)
    const others = logits.slice(1 + part.length, -1)
    for (const [index, row] of logits.slice(1, 1 + part.length).entries()) {
      const baseline = baselines[start + index]!.length === 0 ? plain : others.shift()!
      const change = largestDifference(baseline, row)
      // NaN is a change too: a broken edit must not pass for one without effect
      results.push({ change, acts: !(change <= smallest) })
    }
  }
  return results
}

/** The same edit at every position: a text to try edits on need not have the positions they select. */
function everywhere({ hookPoint, stages }: Intervention): Intervention {
  return {
    hookPoint,
    stages: stages.map((stage) => ({
      ...stage,
      adds: stage.adds.map((add) => ({ ...add, positions: null })),
      phases: stage.phases.map((phase) => phase.map((update) => ({ ...update, positions: null }))),
      saeReplacement: stage.saeReplacement && { ...stage.saeReplacement, positions: null },
    })),
  }
}

/** The same edit with every latent held at a value above its threshold and above all gates, whatever the text. */
function holdActive({ hookPoint, stages }: Intervention): Intervention {
  return { hookPoint, stages: stages.map(holdStage) }
}

function holdStage(stage: EditStage): EditStage {
  const gates = [...stage.adds, ...stage.phases.flat()].flatMap((part) => part.gates.map(({ above }) => above))
  const hold = (slot: LatentSlot): LatentSlot => {
    const above = Math.max(0, ...[slot.threshold, ...gates].filter(Number.isFinite))
    // not a round number, so that it is not by chance the value that a clamp sets
    return { ...slot, latent: -1, encoder: new Float32Array(slot.encoder.length), bias: above + 1.2345 }
  }
  const held = (reader: LatentReader): LatentReader => ({ ...reader, slots: reader.slots.map(hold) })
  return { ...stage, readers: stage.readers.map(held) }
}

// Math.max gives NaN when either side is NaN, which the comparison above counts as a change
function largestDifference(a: Float32Array, b: Float32Array): number {
  return a.reduce((most, value, index) => Math.max(most, Math.abs(value - b[index]!)), 0)
}

function largest(values: Float32Array): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
}
