import { readFile } from 'node:fs/promises'
import { InputError } from '@saeval/hub'
import { checked, jsonObject } from '@saeval/hub/checks'
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
 * The questions of a multiple-choice task as the harness asks them, from its samples_*.jsonl (`saeval run --log_samples`). Throws InputError for
 * samples of other tasks.
 */
export async function readQuestions(path: string): Promise<Question[]> {
  const lines = (await readFile(path, 'utf8')).split('\n').filter((line) => line !== '')
  const samples = lines.map((line, at) => {
    const place = `${path}:${at + 1}`
    return { place, ...checked(place, schema, jsonObject(place, line)) }
  })
  samples.sort((a, b) => a.doc_id - b.doc_id)
  return samples.map(({ place, target, arguments: asked }): Question => {
    const requests = Object.values(asked)
    const [first] = requests
    const answer = Number(target)
    const isOne = requests.every(({ arg_0 }) => arg_0 === first?.arg_0)
    if (first === undefined || !isOne || !(Number.isInteger(answer) && answer >= 0 && answer < requests.length))
      throw new InputError(
        `${place}: this is no question with choices after one context; a page takes multiple_choice tasks`,
      )
    return { context: first.arg_0, choices: requests.map(({ arg_1 }) => arg_1), answer }
  })
}
