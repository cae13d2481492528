import type { PreparedTask } from '@saeval/eval-harness'
import { InputError } from '@saeval/hub'
import type { SteerableModel } from '@saeval/language-model'
import type { Sae } from '@saeval/sae-core'
import {
  CorrelationCounter,
  maxPooled,
  type OutcomeCorrelation,
} from '@saeval/steering/internal/ranking/outcome-correlation'
import { readLatents } from '@saeval/steering/internal/ranking/read-latents'
import { type DocumentOptions, documentValues } from '../documents/document-values.js'

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
  const outcomes = new Set([...values.values()].flatMap((list) => list.map(({ metrics }) => [...metrics.values()][0])))
  if (outcomes.size === 1)
    throw new InputError(
      `every document has the same outcome, ${[...outcomes][0]}: nothing can be correlated with it; take more documents or a harder task`,
    )
  const counter = new CorrelationCounter(sae.config.dSae)
  for (const { task, asked } of tasks) {
    const name = task.config.task
    for (const [index, { metrics, answers, docId }] of values.get(name)!.entries()) {
      options.signal?.throwIfAborted()
      const [outcome] = metrics.values()
      if (outcome === undefined)
        throw new InputError(`document ${docId} of task ${name} has no metric that is a number`)
      const best = answers.reduce<number>((most, answer, at) => (answer > answers[most]! ? at : most), 0)
      const request = asked[index]!.requests[best]!
      if (request.type === 'loglikelihood_rolling') throw new InputError(`task ${name} has no answers to correlate`)
      const written = request.type === 'loglikelihood' ? request.continuation : (answers[0] as string)
      const prompt = model.tokenizer.encode(request.context)
      const ids = model.tokenizer.encode(request.context + written)
      const f = await readLatents(model, sae, ids.slice(0, -1), Math.max(0, prompt.length - 1))
      counter.add(maxPooled(f, sae.config.dSae), outcome)
    }
  }
  return counter.result
}
