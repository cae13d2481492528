import type { PyDict } from '@saeval/python/internal/values/value'
import { inTask } from '../documents/in-task.js'
import { goldOf } from '../metrics/multiple-choice.js'
import { choiceTexts, question, type Task, target } from '../requests/task.js'
import { takeTurns } from '../turns/take-turns.js'

/** Documents looked at in one turn, so that Python functions are asked about all of them together. */
const atOnce = 256
/** Documents named at most. */
const named = 5

/**
 * What is wrong with the right answers of a multiple-choice task, one sentence a kind: documents whose answer is none of their choices (a label counted
 * from 1, a text in another spelling) score 0 whatever the model says. lm_eval warns of each while it scores. Nothing for tasks that score in Python.
 */
export async function neverRight(
  task: Task,
  docs: readonly PyDict[],
  docIds: readonly number[],
  signal?: AbortSignal,
): Promise<string[]> {
  const { outputType, processResults, task: name } = task.config
  if (outputType !== 'multiple_choice' || processResults !== null) return []
  const never: number[] = []
  const partly: number[] = []
  for (let from = 0; from < docs.length; from += atOnce) {
    await takeTurns(signal)
    const part = docs.slice(from, from + atOnce)
    const found = await Promise.all(
      part.map((doc, index) => inTask(name, docIds[from + index]!, () => choicesRight(task, doc))),
    )
    found.forEach((right, index) => {
      const list = right.every((isChoice) => !isChoice) ? never : right.some((isChoice) => !isChoice) ? partly : null
      list?.push(docIds[from + index]!)
    })
  }
  return [
    sentence(task, docs, never, 'can never be right, since the answer is none of the choices'),
    sentence(task, docs, partly, 'have answers that are none of the choices, beside others that are'),
  ].filter((text) => text !== null)
}

/** For each right answer of a document whether it is one of the choices. */
async function choicesRight(task: Task, doc: PyDict): Promise<boolean[]> {
  const [choices, gold] = await Promise.all([
    choiceTexts(task, doc),
    task.multipleInput ? question(task, doc) : target(task, doc),
  ])
  const answers = goldOf({ choices, gold, multipleTarget: task.multipleTarget })
  return [answers].flat().map((index) => index >= 0)
}

function sentence(task: Task, docs: readonly PyDict[], ids: readonly number[], what: string): string | null {
  if (ids.length === 0) return null
  const more = ids.length > named ? `, and ${ids.length - named} more` : ''
  const list = `document${ids.length === 1 ? '' : 's'} ${ids.slice(0, named).join(', ')}${more}`
  return `task ${task.config.task}: ${ids.length} of ${docs.length} documents ${what} (${list})`
}
