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
  filtered_resps: v.array(v.unknown(), 'a list'),
  metrics: v.array(v.string('a text'), 'a list'),
  acc: v.optional(v.union([v.number(), v.boolean()], 'a number')),
})

/** A line, read: the question but for its answer, what the model chose, and whether that was right. */
interface Asked {
  readonly id: number
  readonly place: string
  readonly context: string
  readonly choices: readonly string[]
  readonly target: string
  readonly chosen: number
  readonly acc: number
}

/**
 * The questions of a multiple-choice task as the harness asks them, from its samples_*.jsonl (`saeval run --log_samples`): the first `most` lines, all by default.
 * The target is the place of the right choice or its text, whichever gives each document the `acc` that is written with it. Throws InputError for samples of other
 * tasks, and where neither does: right answers that are counted from them would not be those of the run.
 */
export async function readQuestions(path: string, most = Number.POSITIVE_INFINITY): Promise<Question[]> {
  const asked: Asked[] = []
  let number = 0
  for await (const line of textLines(path)) {
    if (asked.length >= most) break
    number++
    if (line.trim() !== '') asked.push(askedIn(`${path}:${number}`, line))
  }
  const answers = [placeOf, placeOfText].map((read) => asked.map(read))
  const reproduced = answers.map((read) =>
    asked.findIndex(({ chosen, acc }, at) => Number(chosen === read[at]) !== acc),
  )
  const found = answers[reproduced.indexOf(-1)]
  if (found === undefined) {
    const { place, acc } = asked[Math.max(...reproduced)]!
    throw new InputError(
      `${place}: its acc is ${acc}, which is not whether the likeliest choice is the target; a page counts these alone`,
    )
  }
  return asked
    .map(({ id, context, choices }, at) => ({ id, question: { context, choices: [...choices], answer: found[at]! } }))
    .sort((a, b) => a.id - b.id)
    .map(({ question }) => question)
}

function askedIn(place: string, line: string): Asked {
  const sample = checked(place, schema, jsonObject(place, line))
  const { doc_id: id, target, metrics, acc } = sample
  const all = Object.values(sample.arguments)
  // acc_mutual_info asks for each choice once more without its context, behind the others
  const requests = metrics.includes('acc_mutual_info') ? all.slice(0, all.length / 2) : all
  const [first] = requests
  if (first === undefined || requests.length < 2)
    throw new InputError(`${place}: this is no question with choices; a page takes multiple_choice tasks`)
  if (!requests.every(({ arg_0 }) => arg_0 === first.arg_0))
    throw new InputError(`${place}: each choice has a context of its own; a page asks for choices after one context`)
  if (acc === undefined) throw new InputError(`${place}: it has no acc; a page counts right answers by acc alone`)
  const logprobs = sample.filtered_resps.slice(0, requests.length).map((response) => logprobOf(place, response))
  return {
    id,
    place,
    context: first.arg_0,
    choices: requests.map(({ arg_1 }) => arg_1),
    target,
    // the first of the most likely ones, as numpy's argmax
    chosen: logprobs.indexOf(Math.max(...logprobs)),
    acc: Number(acc),
  }
}

/** The pair (log-probability, is greedy), as Python writes it: "-inf", too. */
function logprobOf(place: string, response: unknown): number {
  const [text] = Array.isArray(response) ? response : []
  const logprob = typeof text === 'string' ? Number(text.replace(/inf$/, 'Infinity')) : Number.NaN
  if (Number.isNaN(logprob)) throw new InputError(`${place}: it has no log-probabilities of its choices`)
  return logprob
}

function placeOf({ target, choices }: Asked): number {
  return /^\d+$/.test(target) && Number(target) < choices.length ? Number(target) : -1
}

/** As lm_eval finds a text among the choices: the first of equals. What stands between context and choice is no part of it. */
function placeOfText({ target, choices }: Asked): number {
  return choices.findIndex((choice) => choice.trim() === target.trim())
}
