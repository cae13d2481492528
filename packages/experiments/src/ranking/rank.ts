import { InputError, option, sentence } from '@saeval/hub'
import { amplifyLatents, neutralPrompt } from '@saeval/steering/internal/ranking/amplify-latents'
import { type Percentiles, rankByPercentile, rankByThreshold } from '@saeval/steering/internal/ranking/forget-retain'
import { type LatentOptions, type OpenLatents, openLatents } from '../documents/open-latents.js'
import { generationSeed } from '../run-cell.js'
import { documentTexts } from './document-texts.js'
import { marginSlopes } from './margin-slopes.js'
import { outcomeCorrelations } from './outcome-correlations.js'
import type { RankedLatent, Ranker } from './rank-settings.js'
import { activityOn } from './sparsities.js'

export interface RankOptions extends LatentOptions {
  readonly by: Ranker
  /** Tasks whose documents are others, for `documents`. */
  readonly others: readonly string[]
  /** See rankByThreshold; not used with percentiles. */
  readonly threshold: number
  /** See rankByPercentile; null takes the threshold. */
  readonly percentiles: Percentiles | null
}

/** Ranks an SAE's latents, best first. Throws InputError for what does not fit together. */
export async function rank(options: RankOptions): Promise<RankedLatent[]> {
  checkTasks(options)
  const open = await openLatents(options, 'rank', options.others)
  try {
    return await ranked(options, open)
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

async function ranked(options: RankOptions, open: OpenLatents): Promise<RankedLatent[]> {
  const { by, run, signal } = options
  const { base, file, sae, latents, labelOf } = open
  const tasks = open.tasksOf(run.tasks)
  const asked = { seed: generationSeed(run), signal }
  const row = (latent: number, score: number, details: RankedLatent['details']): RankedLatent => ({
    latent,
    label: labelOf(latent),
    score,
    details,
  })
  const bySize = (rows: readonly RankedLatent[]) =>
    [...rows].sort((a, b) => Math.abs(b.score) - Math.abs(a.score) || a.latent - b.latent)
  switch (by) {
    case 'documents': {
      const forget = await activityOn(base, sae, documentTexts(tasks), signal)
      const retain = await activityOn(base, sae, documentTexts(open.tasksOf(options.others)), signal)
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
      const rows = found.flatMap(({ latent, raises, outputScore, confidenceChange }) => {
        if (outputScore === null || confidenceChange === null) return []
        const [score, name, other] =
          by === 'output'
            ? [outputScore, 'confidence_change', confidenceChange]
            : [confidenceChange, 'output_score', outputScore]
        const tokens = raises.slice(0, 5).map((token) => JSON.stringify(base.tokenizer.decode([token])))
        return [row(latent, score, { [name]: other, raises: tokens.join(' ') })]
      })
      const left = found.length - rows.length
      if (rows.length === 0)
        throw new InputError(
          `no latent can be amplified: none is active at the last token of "${neutralPrompt}", or activations overflow; rank by slope or by documents`,
        )
      if (left > 0)
        options.onNotice?.(`${left} latents are left out: amplified, they make activations overflow`, 'warning')
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
