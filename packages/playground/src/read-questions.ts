import { InputError } from '@saeval/hub'
import { checked, jsonObject } from '@saeval/hub/checks'
import { textLines } from '@saeval/hub/internal/text-lines'
import * as v from 'valibot'
import type { Playground } from './browser/playground.js'

type Question = Playground['tasks'][number]['questions'][number]

const schema = v.object({
  doc_id: v.number('a number'),
  target: v.string('a text'),
  arguments: v.record(
    v.string('a text'),
    v.object({ arg_0: v.string('a text'), arg_1: v.string('a text') }, 'a context and a continuation'),
    'an object',
  ),
})

/**
 * The questions of a multiple-choice task as the harness asks them, from its samples_*.jsonl (`saeval run --log_samples`): the first `most` lines, all by default.
 * Throws InputError for samples of other tasks.
 */
export async function readQuestions(path: string, most = Number.POSITIVE_INFINITY): Promise<Question[]> {
  const found: { readonly id: number; readonly question: Question }[] = []
  let number = 0
  for await (const line of textLines(path)) {
    number++
    if (line.trim() !== '') found.push(questionOf(`${path}:${number}`, line))
    if (found.length >= most) break
  }
  return found.sort((a, b) => a.id - b.id).map(({ question }) => question)
}

function questionOf(place: string, line: string): { readonly id: number; readonly question: Question } {
  const { doc_id: id, target, arguments: asked } = checked(place, schema, jsonObject(place, line))
  const requests = Object.values(asked)
  const [first] = requests
  const answer = Number(target)
  const isOne = requests.every(({ arg_0 }) => arg_0 === first?.arg_0)
  if (first === undefined || !isOne || !(Number.isInteger(answer) && answer >= 0 && answer < requests.length))
    throw new InputError(
      `${place}: this is no question with choices after one context; a page takes multiple_choice tasks`,
    )
  return { id, question: { context: first.arg_0, choices: requests.map(({ arg_1 }) => arg_1), answer } }
}
