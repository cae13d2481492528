import { pyStr } from '@saeval/python/internal/text/text'
import { type PyDict, type PyValue, typeName } from '@saeval/python/internal/values/value'
import { DocFieldError } from '../documents/doc-fields.js'
import { endsWithSpace } from './message.js'
import { choiceTexts, type Task, target } from './task.js'
import type { TaskRequest } from './task-request.js'

/**
 * What the model is asked about one document, given its contexts: the log-likelihood of the target or of each choice (with the metric
 * acc_mutual_info also that of each choice after nothing), that of a whole text, or a continuation.
 */
export async function buildRequests(
  task: Task,
  doc: PyDict,
  contexts: readonly string[],
  chat: boolean,
): Promise<TaskRequest[]> {
  const { config } = task
  switch (config.outputType) {
    case 'multiple_choice':
      return choiceRequests(task, doc, contexts, chat)
    case 'loglikelihood':
      return [
        { type: 'loglikelihood', context: only(contexts), continuation: textOf('target', await target(task, doc)) },
      ]
    case 'loglikelihood_rolling':
      return [{ type: 'loglikelihood_rolling', text: textOf('target', await target(task, doc)) }]
    case 'generate_until':
      return [{ type: 'generate_until', context: only(contexts), kwargs: config.generationKwargs! }]
  }
}

async function choiceRequests(
  ...[task, doc, contexts, chat]: Parameters<typeof buildRequests>
): Promise<TaskRequest[]> {
  const { config } = task
  // a chat template ends in its own delimiter
  const keeps = !chat || (config.genPrefix !== null && config.genPrefix !== '' && !endsWithSpace(config.genPrefix))
  const delimiter = keeps ? config.targetDelimiter : ''
  const choices = await choiceTexts(task, doc)
  const ask = (context: string, continuation: string): TaskRequest => ({ type: 'loglikelihood', context, continuation })
  const answer = task.multipleInput ? pyStr(await target(task, doc)) : ''
  const asked = task.multipleInput
    ? contexts.map((context) => ask(context, delimiter + answer))
    : choices.map((choice) => ask(contexts[0]!, delimiter + choice))
  if (!config.metricList.some(({ name }) => name === 'acc_mutual_info')) return asked
  return [...asked, ...choices.map((choice) => ask('', delimiter + choice))]
}

function only(contexts: readonly string[]): string {
  if (contexts.length === 1) return contexts[0]!
  throw new DocFieldError('the question is a number: only multiple_choice tasks can have choices as questions')
}

function textOf(what: string, value: PyValue): string {
  if (typeof value === 'string') return value
  throw new DocFieldError(`the ${what} is a ${typeName(value)}, not a text`)
}
