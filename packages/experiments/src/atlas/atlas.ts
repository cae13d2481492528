import type { PreparedTask } from '@saeval/eval-harness'
import { InputError, option, sentence } from '@saeval/hub'
import { lowerEdits, openSae, type SaeReference, type SteeringEdit } from '@saeval/sae-core'
import { readFeaturesFile } from '@saeval/steering'
import { featuresFileOf, labelOf, maxActivation } from '@saeval/steering/internal/edits/features-file'
import { checkNormFactors, normFactorArguments, withKnownFactor } from '@saeval/steering/internal/edits/norm-factor'
import { amplifyLatents } from '@saeval/steering/internal/ranking/amplify-latents'
import { neutralChanges, neutralTexts } from '@saeval/steering/internal/ranking/neutral-change'
import { readLatents } from '@saeval/steering/internal/ranking/read-latents'
import { type DocumentOptions, documentValues, withMargin } from '../documents/document-values.js'
import { type OpenRunOptions, openRun } from '../documents/open-run.js'
import { documentTexts } from '../ranking/document-texts.js'
import { generationSeed } from '../run-cell.js'

const ownArguments = { features_path: 'string', ...normFactorArguments } as const

/** Actions of an atlas: those whose strength is an activation. */
export type AtlasAction = 'add' | 'add_latent' | 'clamp' | 'clamp_active'

export interface AtlasOptions extends Omit<OpenRunOptions<typeof ownArguments>, 'name' | 'own'> {
  readonly sae: SaeReference
  /** null for all. */
  readonly latents: readonly number[] | null
  readonly action: AtlasAction
  /** Multiple of each latent's largest activation. */
  readonly strength: number
  readonly onLatent?: (done: number, total: number) => void
}

/** What one latent does. */
export interface AtlasRow {
  readonly latent: number
  readonly label: string | null
  /** See outputScore. */
  readonly outputScore: number
  /** See AmplifiedLatent. */
  readonly confidenceChange: number
  /** Texts of the tokens that its decoder row raises most. */
  readonly raises: readonly string[]
  /** The plain coefficient of the columns below; null where the latent is active nowhere, and they are null too. */
  readonly coefficient: number | null
  /** See neutralChanges, in nats. */
  readonly kl: number | null
  /** Change of the mean margin of each task, in nats. */
  readonly margins: ReadonlyMap<string, number> | null
}

/**
 * Side effects of an SAE's latents, one by one at their natural strength: a row for each. Largest activations are those of the features file beside the SAE,
 * else those on the neutral texts and the documents. Throws InputError for tasks without a margin, and what does not fit together.
 */
export async function atlas(options: AtlasOptions): Promise<AtlasRow[]> {
  const { run, action, strength, signal } = options
  const open = await openRun({ ...options, name: 'atlas', own: ownArguments })
  try {
    const file = await openSae(options.sae, options.hub ?? {})
    try {
      const { base } = open
      checkNormFactors(open.args, [file])
      const sae = await withKnownFactor(file, open.args, base, options.onNotice ?? (() => {}))
      const { config, reference } = sae
      for (const hook of [config.hookPoint, config.hookPointOut])
        if (!base.hookPoints.includes(hook))
          throw new InputError(`${open.baseName} has no hook point ${hook}, where this SAE acts`)
      const latents = options.latents ?? [...Array(config.dSae).keys()]
      const wrong = latents.find((latent) => !Number.isInteger(latent) || latent < 0 || latent >= config.dSae)
      if (wrong !== undefined)
        throw new InputError(
          sentence`${option('latents')}: ${wrong} is no latent; this SAE has latents 0 to ${config.dSae - 1}`,
        )
      const tasks = open.tasksOf(run.tasks).map(withMargin)
      const path = (open.args.features_path as string | undefined) ?? featuresFileOf(reference)
      const features = path === null ? [] : await readFeaturesFile(path)
      const { release, id } = reference
      const tensors = await sae.load()
      const known = new Map(latents.map((latent) => [latent, maxActivation(features, release, id, latent)]))
      if ([...known.values()].includes(null)) {
        const texts = [...neutralTexts, ...documentTexts(tasks)]
        for (const text of texts) {
          const f = await readLatents(base, { config, tensors }, base.tokenizer.encode(text))
          for (const [latent, value] of known)
            for (let at = latent; at < f.length; at += config.dSae)
              if (value === null || maxActivation(features, release, id, latent) === null)
                known.set(latent, Math.max(known.get(latent) ?? 0, f[at]!))
        }
      }
      const amplified = await amplifyLatents(base, sae, tensors, latents)
      const edits = new Map<number, SteeringEdit>()
      for (const [latent, most] of known)
        if (most !== null && most > 0)
          edits.set(latent, { sae, latent, action, coefficient: Number((strength * most).toPrecision(6)) })
      const changes = await neutralChanges(base, [...edits.values()])
      const kl = new Map([...edits.keys()].map((latent, index) => [latent, changes[index]!]))
      const margins = await marginChanges(options, open, tasks, edits, { seed: generationSeed(run), signal })
      return latents.map((latent, index): AtlasRow => {
        const { outputScore, confidenceChange, raises } = amplified[index]!
        return {
          latent,
          label: labelOf(features, release, id, latent),
          outputScore,
          confidenceChange,
          raises: raises.map((token) => base.tokenizer.decode([token])),
          coefficient: edits.get(latent)?.coefficient ?? null,
          kl: kl.get(latent) ?? null,
          margins: margins.get(latent) ?? null,
        }
      })
    } finally {
      await file.close()
    }
  } finally {
    await open.close()
  }
}

/** Change of each task's mean margin under each edit; what lies below the SAE is computed once. */
async function marginChanges(
  { onLatent, signal }: AtlasOptions,
  { base }: Pick<Awaited<ReturnType<typeof openRun>>, 'base'>,
  tasks: readonly PreparedTask[],
  edits: ReadonlyMap<number, SteeringEdit>,
  asked: DocumentOptions,
): Promise<ReadonlyMap<number, ReadonlyMap<string, number>>> {
  const found = new Map<number, ReadonlyMap<string, number>>()
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
    const after = await means(shared.steer(await lower(edit)))
    found.set(latent, new Map([...after].map(([task, mean]) => [task, mean - before.get(task)!])))
  }
  return found
}
