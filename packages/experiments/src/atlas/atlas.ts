import type { PreparedTask } from '@saeval/eval-harness'
import { lowerEdits, type SteeringEdit } from '@saeval/sae-core'
import { amplifyLatents } from '@saeval/steering/internal/ranking/amplify-latents'
import { neutralChanges, neutralTexts } from '@saeval/steering/internal/ranking/neutral-change'
import { type DocumentOptions, documentValues, withMargin } from '../documents/document-values.js'
import { type LatentOptions, type OpenLatents, openLatents } from '../documents/open-latents.js'
import { documentTexts } from '../ranking/document-texts.js'
import { activityOn } from '../ranking/sparsities.js'
import { attempt, generationSeed } from '../run-cell.js'

/** Actions of an atlas: those whose strength is an activation. */
export type AtlasAction = 'add' | 'add_latent' | 'clamp' | 'clamp_active'

export interface AtlasOptions extends LatentOptions {
  readonly action: AtlasAction
  /** Multiple of each latent's largest activation. */
  readonly strength: number
}

/** What one latent does. */
export interface AtlasRow {
  readonly latent: number
  readonly label: string | null
  /** See AmplifiedLatent; null where that says so. */
  readonly outputScore: number | null
  readonly confidenceChange: number | null
  /** Texts of the tokens that its decoder row raises most. */
  readonly raises: readonly string[]
  /** The plain coefficient of the columns below; null where the latent is active nowhere, and they are null too. */
  readonly coefficient: number | null
  /** See neutralChanges, in nats; null where activations overflow, too. */
  readonly kl: number | null
  /** Change of the mean margin of each task, in nats. */
  readonly margins: ReadonlyMap<string, number> | null
  /** Why steering with it gives no numbers; null where it gives them. */
  readonly problem: string | null
}

/**
 * Side effects of an SAE's latents, one by one at their natural strength: a row for each. Largest activations are those of the features file beside the SAE,
 * else those on the neutral texts and the documents. A latent that makes activations overflow has a problem instead of numbers. Throws InputError for tasks without a margin, and what does not fit together.
 */
export async function atlas(options: AtlasOptions): Promise<AtlasRow[]> {
  const { run, action, strength, signal } = options
  const open = await openLatents(options, 'atlas')
  try {
    const { base, file, sae, latents, labelOf, maxActivationOf } = open
    const tasks = open.tasksOf(run.tasks).map(withMargin)
    const largest = new Map(latents.map((latent) => [latent, maxActivationOf(latent)]))
    const unknown = latents.filter((latent) => largest.get(latent) === null)
    if (unknown.length > 0) {
      const texts = [...neutralTexts, ...documentTexts(tasks)]
      const found = (await activityOn(base, sae, texts, signal)).largest
      for (const latent of unknown) largest.set(latent, found[latent]!)
    }
    const amplified = await amplifyLatents(base, file, sae.tensors, latents)
    const edits = new Map<number, SteeringEdit>()
    for (const [latent, most] of largest)
      if (most !== null && most > 0)
        edits.set(latent, { sae: file, latent, action, coefficient: Number((strength * most).toPrecision(6)) })
    const coefficients = new Map([...edits].map(([latent, { coefficient }]) => [latent, coefficient]))
    const changes = await neutralChanges(base, [...edits.values()])
    const kl = new Map([...edits.keys()].map((latent, index) => [latent, changes[index]!]))
    const overflows = 'overflows: steering with it makes the activations too large for numbers'
    const problems = new Map([...kl].flatMap(([latent, value]) => (value === null ? [[latent, overflows]] : [])))
    for (const latent of problems.keys()) edits.delete(latent)
    const margins = await marginChanges(options, open, tasks, edits, { seed: generationSeed(run), signal })
    return latents.map((latent, index): AtlasRow => {
      const changes = margins.get(latent)
      const { outputScore, confidenceChange, raises } = amplified[index]!
      return {
        latent,
        label: labelOf(latent),
        outputScore,
        confidenceChange,
        raises: raises.map((token) => base.tokenizer.decode([token])),
        coefficient: coefficients.get(latent) ?? null,
        kl: kl.get(latent) ?? null,
        margins: changes instanceof Map ? changes : null,
        problem: problems.get(latent) ?? (typeof changes === 'string' ? changes : null),
      }
    })
  } finally {
    await open.close()
  }
}

/** Change of each task's mean margin under each edit, or why it has none; what lies below the SAE is computed once. */
async function marginChanges(
  { onLatent, signal }: AtlasOptions,
  { base }: OpenLatents,
  tasks: readonly PreparedTask[],
  edits: ReadonlyMap<number, SteeringEdit>,
  asked: DocumentOptions,
): Promise<ReadonlyMap<number, ReadonlyMap<string, number> | string>> {
  const found = new Map<number, ReadonlyMap<string, number> | string>()
  const [first] = edits.values()
  if (tasks.length === 0 || first === undefined) return found
  const lower = (edit: SteeringEdit) => lowerEdits([edit], { dHead: base.dHead })
  const shared = base.shareBelow?.([await lower(first)]) ?? base
  const means = async (model: typeof base) =>
    new Map(
      [...(await documentValues(tasks, model, asked))].map(([task, values]) => [
        task,
        values.reduce((sum, { metrics }) => sum + metrics.get('choice_margin')!, 0) / values.length,
      ]),
    )
  const before = await means(shared.steer([]))
  let done = 0
  for (const [latent, edit] of edits) {
    signal?.throwIfAborted()
    onLatent?.(done++, edits.size)
    const after = await attempt(means(shared.steer(await lower(edit))))
    found.set(
      latent,
      typeof after === 'string' ? after : new Map([...after].map(([task, mean]) => [task, mean - before.get(task)!])),
    )
  }
  return found
}
