import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../../../tests/fixtures.js'
import { readQuestions } from './read-questions.js'

interface Line {
  readonly target: string
  readonly acc?: number | boolean
  /** Log-probabilities of the choices. */
  readonly of?: readonly number[]
  readonly choices?: readonly string[]
  readonly contexts?: readonly string[]
  readonly metrics?: readonly string[]
}

const folder = temporaryFolder()
let files = 0

/** A samples file as the harness writes it. */
function samples(...lines: readonly Line[]): string {
  const path = join(folder, `samples_${files++}.jsonl`)
  const texts = lines.map((line, id) => {
    const { target, acc, of = [-2, -1, -3], choices = [' (A)', ' (B)', ' (C)'], metrics = ['acc'] } = line
    const requests = choices.map((choice, at) => ({ arg_0: line.contexts?.[at] ?? `Q${id}:`, arg_1: choice }))
    const asked = metrics.includes('acc_mutual_info')
      ? [...requests, ...choices.map((choice) => ({ arg_0: '', arg_1: choice }))]
      : requests
    return JSON.stringify({
      doc_id: lines.length - id,
      target,
      arguments: Object.fromEntries(asked.map((request, at) => [`gen_args_${at}`, request])),
      filtered_resps: of.map((logprob) => [logprob === -Infinity ? '-inf' : String(logprob), 'False']),
      metrics,
      ...(acc === undefined ? {} : { acc }),
    })
  })
  writeFileSync(path, `${texts.join('\n')}\n`)
  return path
}
const answers = async (path: string) => (await readQuestions(path)).map(({ answer }) => answer)

it('takes the place of the right choice, or its text, whichever makes the acc of the run', async () => {
  expect(await answers(samples({ target: '1', acc: 1 }, { target: '0', acc: 0 }))).toEqual([0, 1])
  // GPQA's target is the text
  expect(await answers(samples({ target: '(B)', acc: true }, { target: '(C)', acc: false }))).toEqual([2, 1])
  // the text "1" stands at place 0
  const choices = [' 1', ' 0']
  expect(await answers(samples({ target: '1', acc: 1, of: [-1, -2], choices }))).toEqual([0])
  expect(await answers(samples({ target: '1', acc: 1, of: [-Infinity, -2], choices }))).toEqual([1])
})

it('keeps a question that can never be right', async () => {
  expect(await answers(samples({ target: 'elsewhere', acc: 0 }, { target: '1', acc: 1 }))).toEqual([1, -1])
})

it('leaves the requests without context to acc_mutual_info', async () => {
  const metrics = ['acc', 'acc_mutual_info']
  const [question] = await readQuestions(samples({ target: '1', acc: 1, of: [-2, -1, -3, -1, -9, -9], metrics }))
  expect(question).toEqual({ context: 'Q0:', choices: [' (A)', ' (B)', ' (C)'], answer: 1 })
})

it('looks at the first lines only', async () => {
  expect((await readQuestions(samples({ target: '1', acc: 1 }, { target: 'x', acc: 0.5 }), 1)).length).toBe(1)
})

it.each<[string, Line, RegExp]>([
  ['the share of several right answers', { target: '0', acc: 0.41 }, /:1: its acc is 0.41, which is not whether/],
  ['a target that is none of the choices', { target: 'elsewhere', acc: 1 }, /its acc is 1, which is not whether/],
  ['contexts that differ', { target: '0', acc: 1, contexts: ['a', 'b', 'c'] }, /has a context of its own/],
  ['no acc', { target: '0', metrics: ['bypass'] }, /it has no acc/],
  ['one continuation', { target: ' dog', acc: 1, choices: [' dog'], of: [-1] }, /no question with choices/],
])('refuses samples with %s', async (_, line, sentence) => {
  await expect(readQuestions(samples(line))).rejects.toThrow(sentence)
})
