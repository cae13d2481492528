import type { MetricContext, MetricQuestion } from '@saeval/eval-harness'
import { loglikelihood, type SteerableModel, steerableOf } from '@saeval/language-model'
import { klDivergence } from '@saeval/steering/internal/ranking/kl-divergence'

/** The model that has answered, with its edits. Throws an Error for one whose edits cannot be taken away. */
export function steerableIn({ model }: MetricContext): SteerableModel {
  const found = steerableOf(model)
  if (found === null) throw new Error('this model cannot be asked without its edits')
  return found
}

/**
 * Log-probability of each written text after its prompt by the model without edits, in nats for each token: how much it is text that the model writes by
 * itself. Of a text without a token it is that of the end of text there, so that a model that falls silent does not seem fluent. Throws an Error for tasks that
 * write no text, and for an empty text where the model has no end-of-text token.
 */
export async function unsteeredLogprobs(
  questions: readonly MetricQuestion[],
  context: MetricContext,
): Promise<number[]> {
  const model = steerableIn(context)
  const written = questions.map((question) => {
    if (question.type !== 'generate_until')
      throw new Error(`a ${question.type} task writes no text; take another metric`)
    const { prompt, text } = question
    const tokens = model.tokenizer.encode(prompt + text).length - model.tokenizer.encode(prompt).length
    return { context: prompt, continuation: text, tokens: Math.max(1, tokens) }
  })
  const asked = written.filter(({ continuation }) => continuation !== '')
  const found = await loglikelihood(
    model.steer([]),
    asked.map(({ context, continuation }) => ({ context, continuation })),
    context.signal ? { signal: context.signal } : {},
  )
  const byText = new Map(asked.map((one, index) => [one, found[index]!.logprob]))
  const values: number[] = []
  for (const one of written)
    values.push(byText.has(one) ? byText.get(one)! / one.tokens : await endLogprob(model, one.context))
  return values
}

/** Log-probability of the end of text after a prompt, by the model without edits. */
async function endLogprob(model: SteerableModel, prompt: string): Promise<number> {
  const { eosToken } = model.info
  if (eosToken === null)
    throw new Error('the model has no end-of-text token, by which a text that is empty could be scored')
  const [logits] = await model.steer([]).lastLogits(model.tokenizer.encode(prompt), [[]])
  const largest = logits!.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY)
  const sum = logits!.reduce((total, value) => total + Math.exp(value - largest), 0)
  return logits![eosToken[1]]! - largest - Math.log(sum)
}

/**
 * Divergence (klDivergence) of the steered model's next-token distribution from the unsteered one's, in nats: after the prompt of a task that writes texts,
 * as the mean over all tokens of a whole text. 0 of a model without edits. Throws an Error for other tasks, and where edits make activations overflow.
 */
export async function unsteeredDivergences(
  questions: readonly MetricQuestion[],
  context: MetricContext,
): Promise<number[]> {
  const model = steerableIn(context)
  const found: number[] = []
  for (const question of questions) {
    context.signal?.throwIfAborted()
    found.push(await divergenceOf(model, question))
  }
  return found
}

async function divergenceOf(model: SteerableModel, question: MetricQuestion): Promise<number> {
  const plain = model.steer([])
  if (question.type === 'generate_until') {
    const ids = model.tokenizer.encode(question.prompt)
    const [before, after] = await plain.lastLogits(ids, [[], model.interventions])
    return finite(klDivergence(before!, after!))
  }
  if (question.type !== 'loglikelihood_rolling')
    throw new Error(
      `a ${question.type} task has no neutral text; take a task of generate_until or loglikelihood_rolling`,
    )
  if (model.runWithHooks === undefined) throw new Error('this model does not tell logits at every token')
  const [before, after] = [await plain.runWithHooks!(question.text, {}), await model.runWithHooks(question.text, {})]
  const each = before.logits.map((logits, at) => finite(klDivergence(logits, after.logits[at]!)))
  return each.reduce((sum, value) => sum + value, 0) / each.length
}

function finite(value: number): number {
  if (Number.isNaN(value)) throw new Error("the edits make the model's activations overflow")
  return value
}
