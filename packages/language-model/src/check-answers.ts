import type { Answers, LoglikelihoodResult, RequestType } from './requests.js'

const isScore = (value: unknown) => typeof value === 'number' && !Number.isNaN(value)

/** What the answers to each type of request are. */
const kinds: { readonly [Type in RequestType]: readonly [what: string, holds: (answer: unknown) => boolean] } = {
  loglikelihood: [
    '{ logprob, isGreedy }',
    (answer) =>
      typeof answer === 'object' &&
      answer !== null &&
      isScore((answer as LoglikelihoodResult).logprob) &&
      typeof (answer as LoglikelihoodResult).isGreedy === 'boolean',
  ],
  loglikelihood_rolling: ['a number', isScore],
  generate_until: ['a text', (answer) => typeof answer === 'string'],
}

/**
 * The answers of a model if they are what LanguageModel says, one for each request, which JavaScript does not check; throws an Error that says
 * what they are instead.
 */
export function checkAnswers<Type extends RequestType>(
  type: Type,
  answers: readonly Answers[Type][],
  requests: number,
): Answers[Type][] {
  if (!Array.isArray(answers) || answers.length !== requests) {
    const given = Array.isArray(answers) ? `${answers.length} answers` : typeof answers
    throw new Error(`the model gave ${given} for ${requests} ${type} requests`)
  }
  const [what, holds] = kinds[type]
  const wrong = answers.findIndex((answer) => !holds(answer))
  if (wrong === -1) return answers
  const answer: unknown = answers[wrong]
  const shown = typeof answer === 'number' ? String(answer) : (JSON.stringify(answer) ?? 'undefined')
  throw new Error(`the model answered ${shown.slice(0, 80)} to ${type} request ${wrong + 1} instead of ${what}`)
}
