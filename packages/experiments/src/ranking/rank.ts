import { InputError, option, sentence } from '@saeval/hub'
import { openSae, type Sae, type SaeFile, type SaeReference } from '@saeval/sae-core'
import { readFeaturesFile } from '@saeval/steering'
import { featuresFileOf, labelOf } from '@saeval/steering/internal/edits/features-file'
import { checkNormFactors, normFactorArguments, withKnownFactor } from '@saeval/steering/internal/edits/norm-factor'
import { amplifyLatents } from '@saeval/steering/internal/ranking/amplify-latents'
import { type Percentiles, rankByPercentile, rankByThreshold } from '@saeval/steering/internal/ranking/forget-retain'
import { type OpenRun, type OpenRunOptions, openRun } from '../documents/open-run.js'
import { generationSeed } from '../run-cell.js'
import { marginSlopes } from './margin-slopes.js'
import { outcomeCorrelations } from './outcome-correlations.js'
import type { RankedLatent, Ranker } from './rank-settings.js'
import { activityOn } from './sparsities.js'

const ownArguments = { features_path: 'string', ...normFactorArguments } as const

export interface RankOptions extends Omit<OpenRunOptions<typeof ownArguments>, 'name' | 'own'> {
  readonly sae: SaeReference
  readonly by: Ranker
  /** Latents to rank; null for all of them. */
  readonly latents: readonly number[] | null
  /** Tasks whose documents are others, for `documents`. */
  readonly others: readonly string[]
  /** See rankByThreshold; not used with percentiles. */
  readonly threshold: number
  /** See rankByPercentile; null takes the threshold. */
  readonly percentiles: Percentiles | null
  /** Called before each latent that takes a run of its own. */
  readonly onLatent?: (done: number, total: number) => void
}

/** Ranks an SAE's latents, best first. Throws InputError for what does not fit together. */
export async function rank(options: RankOptions): Promise<RankedLatent[]> {
  checkTasks(options)
  const open = await openRun({ ...options, name: 'rank', own: ownArguments }, options.others)
  try {
    const file = await openSae(options.sae, options.hub ?? {})
    try {
      checkNormFactors(open.args, [file])
      const known = await withKnownFactor(file, open.args, open.base, options.onNotice ?? (() => {}))
      return await ranked(options, open, known)
    } finally {
      await file.close()
    }
  } finally {
    await open.close()
  }
}

const needsTasks: readonly Ranker[] = ['documents', 'correlation', 'slope']

function checkTasks({ by, run, others }: RankOptions): void {
  const [own, other] = [option('tasks'), option('others')]
  if (needsTasks.includes(by) && run.tasks.length === 0)
    throw new InputError(sentence`ranking by ${by} needs ${own}, the tasks that the steering is about`)
  if (!needsTasks.includes(by) && run.tasks.length > 0)
    throw new InputError(sentence`ranking by ${by} reads one prompt and no documents; leave ${own} out`)
  if (by === 'documents' && others.length === 0)
    throw new InputError(sentence`ranking by documents needs ${other}, tasks whose documents are to be left alone`)
  if (by !== 'documents' && others.length > 0)
    throw new InputError(sentence`${other} is for ranking by documents; leave it out`)
}

async function ranked(
  options: RankOptions,
  open: OpenRun<typeof ownArguments>,
  file: SaeFile,
): Promise<RankedLatent[]> {
  const { by, run, signal } = options
  const { base } = open
  const { config, reference } = file
  const hook = config.hookPoint
  if (!base.hookPoints.includes(hook))
    throw new InputError(`${open.baseName} has no hook point ${hook}, where this SAE acts`)
  const latents = options.latents ?? [...Array(config.dSae).keys()]
  const wrong = latents.find((latent) => !Number.isInteger(latent) || latent < 0 || latent >= config.dSae)
  if (wrong !== undefined)
    throw new InputError(
      sentence`${option('latents')}: ${wrong} is no latent; this SAE has latents 0 to ${config.dSae - 1}`,
    )
  const path = open.args.features_path ?? featuresFileOf(reference)
  const features = path === null ? [] : await readFeaturesFile(path as string)
  const label = (latent: number) => labelOf(features, reference.release, reference.id, latent)
  const tasks = open.tasksOf(run.tasks)
  const sae: Sae = { config, tensors: await file.load() }
  const asked = { seed: generationSeed(run), signal }
  const row = (latent: number, score: number, details: RankedLatent['details']): RankedLatent => ({
    latent,
    label: label(latent),
    score,
    details,
  })
  const bySize = (rows: readonly RankedLatent[]) =>
    [...rows].sort((a, b) => Math.abs(b.score) - Math.abs(a.score) || a.latent - b.latent)
  switch (by) {
    case 'documents': {
      const forget = await activityOn(base, sae, tasks, signal)
      const retain = await activityOn(base, sae, open.tasksOf(options.others), signal)
      const sparsities = { forget: forget.sparsity, retain: retain.sparsity }
      const order =
        options.percentiles === null
          ? rankByThreshold(sparsities, options.threshold)
          : rankByPercentile(sparsities, options.percentiles)
      const wanted = new Set(latents)
      return order
        .filter((latent) => wanted.has(latent))
        .map((latent) =>
          row(latent, forget.sparsity[latent]!, {
            others: retain.sparsity[latent]!,
            max_activation: forget.largest[latent]!,
          }),
        )
    }
    case 'output':
    case 'confidence': {
      const found = await amplifyLatents(base, file, sae.tensors, latents)
      const rows = found.map(({ latent, raises, outputScore, confidenceChange }) =>
        row(latent, by === 'output' ? outputScore : confidenceChange, {
          [by === 'output' ? 'confidence_change' : 'output_score']: by === 'output' ? confidenceChange : outputScore,
          raises: raises
            .slice(0, 5)
            .map((token) => JSON.stringify(base.tokenizer.decode([token])))
            .join(' '),
        }),
      )
      return [...rows].sort((a, b) => b.score - a.score || a.latent - b.latent)
    }
    case 'correlation': {
      const { correlation, coefficient } = await outcomeCorrelations(base, sae, tasks, asked)
      return bySize(latents.map((latent) => row(latent, correlation[latent]!, { coefficient: coefficient[latent]! })))
    }
    case 'slope': {
      const { slopes } = await marginSlopes(base, file, latents, tasks, {
        ...asked,
        onLatent: (done) => options.onLatent?.(done, latents.length),
      })
      return bySize(latents.map((latent, index) => row(latent, slopes[index]!, {})))
    }
  }
}
