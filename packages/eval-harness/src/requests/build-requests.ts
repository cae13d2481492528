import type { LoglikelihoodRequest } from '../language-model.js'
import { pyStr } from '../python/text.js'
import type { PyDict } from '../python/value.js'
import { endsWithSpace } from './message.js'
import { choiceTexts, type Task, target } from './task.js'

/**
 * What the model is asked about one multiple-choice document: the log-likelihood of each choice after its context; with the metric
 * acc_mutual_info also that of each choice after nothing.
 */
export function buildRequests(
  task: Task,
  doc: PyDict,
  contexts: readonly string[],
  chat: boolean,
): LoglikelihoodRequest[] {
  const { config } = task
  // a chat template ends in its own delimiter
  const keeps = !chat || (config.genPrefix !== null && config.genPrefix !== '' && !endsWithSpace(config.genPrefix))
  const delimiter = keeps ? config.targetDelimiter : ''
  const choices = choiceTexts(task, doc)
  const asked = task.multipleInput
    ? contexts.map((context) => ({ context, continuation: delimiter + pyStr(target(task, doc)) }))
    : choices.map((choice) => ({ context: contexts[0]!, continuation: delimiter + choice }))
  if (!config.metricList.some(({ metric }) => metric === 'acc_mutual_info')) return asked
  return [...asked, ...choices.map((choice) => ({ context: '', continuation: delimiter + choice }))]
}
