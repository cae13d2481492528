import { cachedModel, type PreparedTask, type Store } from '@saeval/eval-harness'
import type { SteerableModel } from '@saeval/language-model'
import { lowerEdits, type SaeFile } from '@saeval/sae-core'
import { lastTokens } from '@saeval/steering/internal/edits/last-tokens'
import { wholeLengths, wholeRowLength } from '@saeval/steering/internal/edits/whole-row'
import { type DocumentOptions, documentValues, withMargin } from '../documents/document-values.js'
import { claimId, type Each, eachInTurn } from '../share-work.js'
import { documentTexts } from './document-texts.js'

/** What the small coefficient adds, as a share of the mean length of the activations. */
export const smallShare = 0.05

export interface MarginSlopes {
  /** For each latent: change of the mean margin, in nats, for each mean activation's length that is added. */
  readonly slopes: readonly number[]
  /** Tokens that were computed. */
  readonly tokens: number
}

export interface SlopeOptions extends DocumentOptions {
  readonly onLatent?: (done: number) => void
  /** Keeps answers, so that what is killed goes on from there; without it none are kept. */
  readonly store?: Store
  /** Divides the latents among processes; in turn by default. */
  readonly each?: Each
}

/**
 * How the tasks' mean margin answers to each latent: one run each with `c` times its decoder row added everywhere, where |c w| is 0.05 of the mean
 * length of the activations on the documents; (margin with - margin without) / 0.05. Of a latent that writes to several layers w and the activations are
 * those of all of them, one after the other, and all its rows are added. What lies below the first is computed once. Throws InputError for tasks that have
 * no margin.
 */
export async function marginSlopes(
  base: SteerableModel,
  sae: SaeFile,
  latents: readonly number[],
  tasks: readonly PreparedTask[],
  options: SlopeOptions,
): Promise<MarginSlopes> {
  const asked = tasks.map(withMargin)
  const norm = await meanNorm(base.steer([]), sae, documentTexts(tasks))
  const edits = async (latent: number) => {
    const length = await wholeRowLength(sae, latent)
    if (length === 0) return null
    return lowerEdits([{ sae, latent, action: 'add', coefficient: (smallShare * norm) / length }])
  }
  const first = latents.length === 0 ? null : await edits(latents[0]!)
  const shared = first === null ? base : (base.shareBelow?.([first]) ?? base)
  let tokens = 0
  const marginOf = async (view: SteerableModel) => {
    const model = options.store === undefined ? view : await cachedModel(view, options.store)
    const values = [...(await documentValues(asked, model, options)).values()].flat()
    tokens += model.report?.().tokens?.computed ?? 0
    return values.reduce((sum, { metrics }) => sum + metrics.get('choice_margin')!, 0) / values.length
  }
  const before = await marginOf(shared.steer([]))
  const slopes: number[] = []
  const { each = eachInTurn } = options
  let done = 0
  const name = `${sae.reference.release} ${sae.reference.id}`
  const things = latents.map((latent, index) => ({ id: claimId(`slope of ${latent}, ${name}`), latent, index }))
  await each(things, async ({ latent, index }) => {
    options.signal?.throwIfAborted()
    options.onLatent?.(done++)
    const interventions = await edits(latent)
    slopes[index] = interventions === null ? 0 : ((await marginOf(shared.steer(interventions))) - before) / smallShare
  })
  return { slopes, tokens }
}

/** Mean length of the activations over the texts' tokens, special ones left out. */
async function meanNorm(model: SteerableModel, sae: SaeFile, texts: readonly string[]): Promise<number> {
  let sum = 0
  let tokens = 0
  for (const text of texts) {
    const ids = lastTokens(model, model.tokenizer.encode(text))
    const lengths = await wholeLengths(model, ids, sae)
    for (const [at, id] of ids.entries()) {
      if (model.tokenizer.specialIds.has(id)) continue
      sum += lengths[at]!
      tokens++
    }
  }
  return sum / tokens
}
