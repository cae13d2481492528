import type { PreparedTask } from '@saeval/eval-harness'
import { loglikelihood, type SteerableModel } from '@saeval/language-model'
import type { DocumentValues } from '../documents/document-values.js'

/** log P(continuation | context). */
export interface AnswerRequest {
  readonly context: string
  readonly continuation: string
}

/** A document that the steered model answers otherwise. */
export interface ChangedAnswer {
  readonly task: string
  readonly docId: number
  /** What the unsteered model answers, and the steered one. */
  readonly before: AnswerRequest
  readonly after: AnswerRequest
}

/** Whether answers to a task can be held against each other: choices and written texts can. */
export function hasAnswers({ task: { config } }: PreparedTask): boolean {
  return config.outputType === 'multiple_choice' || config.outputType === 'generate_until'
}

/** Documents whose answers differ: the likeliest choice, or the text that was written; of a text without a token there is nothing to ask. */
export function changedAnswers(
  tasks: readonly PreparedTask[],
  before: DocumentValues,
  after: DocumentValues,
): ChangedAnswer[] {
  return tasks.flatMap((prepared) => {
    const { task } = prepared.task.config
    const [first, second] = [before, after].map(
      (values) => new Map(values.get(task)!.map(({ docId, answers }) => [docId, answers])),
    )
    return prepared.asked.flatMap((asked): ChangedAnswer[] => {
      const { docId } = asked
      const [one, other] = [
        answerOf(prepared, asked, first!.get(docId)!),
        answerOf(prepared, asked, second!.get(docId)!),
      ]
      const isSame = one.context === other.context && one.continuation === other.continuation
      const isEmpty = one.continuation === '' || other.continuation === ''
      return isSame || isEmpty ? [] : [{ task, docId, before: one, after: other }]
    })
  })
}

/** Log-probability of the first answer above the second, in nats, of each document. Throws what the model throws. */
export async function answerMargins(
  model: Pick<SteerableModel, 'read'>,
  answers: readonly Pick<ChangedAnswer, 'before' | 'after'>[],
  signal?: AbortSignal,
): Promise<number[]> {
  const requests = answers.flatMap(({ before, after }) => [before, after])
  const found = await loglikelihood(model, requests, signal ? { signal } : {})
  return answers.map((_, index) => found[2 * index]!.logprob - found[2 * index + 1]!.logprob)
}

function answerOf(
  { task: { config } }: PreparedTask,
  { requests }: PreparedTask['asked'][number],
  answers: readonly (number | string)[],
): AnswerRequest {
  const [request] = requests
  if (request!.type === 'generate_until') return { context: request!.context, continuation: String(answers[0]) }
  // behind them acc_mutual_info asks for the choices on their own
  const alone = config.metricList.some(({ name }) => name === 'acc_mutual_info')
  const logprobs = (answers as readonly number[]).slice(0, alone ? answers.length / 2 : answers.length)
  const best = logprobs.indexOf(Math.max(...logprobs))
  const { context, continuation } = requests[best] as AnswerRequest
  return { context, continuation }
}
