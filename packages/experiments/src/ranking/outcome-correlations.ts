import type { PreparedTask } from '@saeval/eval-harness'
import { InputError } from '@saeval/hub'
import type { SteerableModel } from '@saeval/language-model'
import type { Sae } from '@saeval/sae-core'
import { lastTokens } from '@saeval/steering/internal/edits/last-tokens'
import {
  CorrelationCounter,
  maxPooled,
  type OutcomeCorrelation,
} from '@saeval/steering/internal/ranking/outcome-correlation'
import { readLatents } from '@saeval/steering/internal/ranking/read-latents'
import { type DocumentOptions, type DocumentValues, documentValues } from '../documents/document-values.js'

/**
 * Correlates each document's first metric with the latents' activations at the tokens that write the model's answer: the text that it generates, or
 * the choice that it takes for the most likely. The token before each written one counts, the last one written does not: nothing follows from it.
 * Throws InputError for a document without a metric that is a number, and where all
 * documents have one outcome.
 */
export async function outcomeCorrelations(
  model: SteerableModel,
  sae: Sae,
  tasks: readonly PreparedTask[],
  options: DocumentOptions,
): Promise<OutcomeCorrelation> {
  const values = await documentValues(tasks, model, options)
  const outcomes = new Set<number>()
  for (const [task, list] of values)
    for (const { docId, metrics } of list) {
      const [outcome] = metrics.values()
      if (outcome === undefined)
        throw new InputError(
          `document ${docId} of task ${task} has no metric that is a number, so nothing can be correlated with it`,
        )
      outcomes.add(outcome)
    }
  if (outcomes.size === 1)
    throw new InputError(
      `every document has the same outcome, ${[...outcomes][0]}: nothing can be correlated with it; take more documents or a harder task`,
    )
  return correlated(model, sae, tasks, values, { metric: null, signal: options.signal })
}

export interface CorrelatedOptions {
  /** Name of the metric that is the outcome; null for each document's first. */
  readonly metric: string | null
  readonly signal?: AbortSignal | undefined
}

/** outcomeCorrelations, of answers and outcomes that are there, with the tokens that it reads. Throws InputError for tasks without answers. */
export async function correlated(
  model: SteerableModel,
  sae: Sae,
  tasks: readonly PreparedTask[],
  values: DocumentValues,
  { metric, signal }: CorrelatedOptions,
): Promise<OutcomeCorrelation & { readonly tokens: number }> {
  const counter = new CorrelationCounter(sae.config.dSae)
  let tokens = 0
  for (const { task, asked } of tasks) {
    const name = task.config.task
    for (const [index, { metrics, answers }] of values.get(name)!.entries()) {
      signal?.throwIfAborted()
      const outcome = metric === null ? [...metrics.values()][0]! : metrics.get(metric)!
      const best = answers.reduce<number>((most, answer, at) => (answer > answers[most]! ? at : most), 0)
      const request = asked[index]!.requests[best]!
      if (request.type === 'loglikelihood_rolling') throw new InputError(`task ${name} has no answers to correlate`)
      const written = request.type === 'loglikelihood' ? request.continuation : (answers[0] as string)
      const prompt = model.tokenizer.encode(request.context)
      const ids = model.tokenizer.encode(request.context + written).slice(0, -1)
      if (ids.length === 0) continue
      const f = await readLatents(model, sae, ids, Math.max(0, prompt.length - 1))
      tokens += lastTokens(model, ids).length
      counter.add(maxPooled(f, sae.config.dSae), outcome)
    }
  }
  return { ...counter.result, tokens }
}
