import { InputError } from '@saeval/hub'
import { inTask } from './documents/in-task.js'
import { goldOf } from './metrics/multiple-choice.js'
import type { Asked, PreparedTask } from './prepare-task.js'
import { choiceTexts, question, type Task, target } from './requests/task.js'

/** A prompt and an answer to it, as the model is asked about them. */
export interface AnsweredPrompt {
  readonly context: string
  readonly answer: string
}

/** A right answer to a document beside a wrong one. */
export interface ContrastPair {
  readonly positive: AnsweredPrompt
  readonly negative: AnsweredPrompt
}

/** The pairs of a task. */
export interface ContrastPairs {
  readonly pairs: readonly ContrastPair[]
  /** Documents that give none: those without a right or without a wrong answer. */
  readonly without: number
}

/**
 * Each right answer of each document beside each wrong one, of a task of multiple choice; of lm_eval's model_written_evals the answer that matches the
 * behaviour beside the one that does not. Throws InputError for tasks of other types, naming them.
 */
export async function contrastPairs({ task, asked }: PreparedTask): Promise<ContrastPairs> {
  const { config } = task
  if (config.outputType !== 'multiple_choice')
    throw new InputError(
      `task ${config.task} is of type ${config.outputType}; only multiple_choice has wrong answers beside the right one`,
    )
  const pairs: ContrastPair[] = []
  let without = 0
  for (const item of asked) {
    const made = await inTask(config.task, item.docId, () => pairsOf(task, item))
    pairs.push(...made)
    if (made.length === 0) without += 1
  }
  return { pairs, without }
}

async function pairsOf(task: Task, { doc, requests }: Asked): Promise<ContrastPair[]> {
  const choices = await choiceTexts(task, doc)
  const given = await (task.multipleInput ? question(task, doc) : target(task, doc))
  const gold = goldOf({ choices, gold: given, multipleTarget: task.multipleTarget })
  const right = new Set((Array.isArray(gold) ? gold : [gold]).filter((at) => Number.isInteger(at) && at >= 0))
  const answers = choices.map((_, at): AnsweredPrompt => {
    const request = requests[at]!
    if (request.type !== 'loglikelihood') throw new Error('multiple choice asks for log-likelihoods')
    return { context: request.context, answer: request.continuation }
  })
  const wrong = answers.filter((_, at) => !right.has(at))
  return right.size === 0
    ? []
    : [...right].flatMap((at) => {
        const positive = answers[at]!
        // an answer may stand twice among the choices
        const others = wrong.filter(({ context, answer }) => context !== positive.context || answer !== positive.answer)
        return others.map((negative) => ({ positive, negative }))
      })
}
