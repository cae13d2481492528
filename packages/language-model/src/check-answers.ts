import type { InParts, LoglikelihoodResult } from './language-model.js'

interface Answers {
  readonly loglikelihood: LoglikelihoodResult
  readonly loglikelihoodRolling: number
  readonly generateUntil: string
}

const isScore = (value: unknown) => typeof value === 'number' && !Number.isNaN(value)

/** What each method's answers are. */
const kinds: { readonly [Method in keyof InParts]: readonly [what: string, holds: (answer: unknown) => boolean] } = {
  loglikelihood: [
    '{ logprob, isGreedy }',
    (answer) =>
      typeof answer === 'object' &&
      answer !== null &&
      isScore((answer as LoglikelihoodResult).logprob) &&
      typeof (answer as LoglikelihoodResult).isGreedy === 'boolean',
  ],
  loglikelihoodRolling: ['a number', isScore],
  generateUntil: ['a text', (answer) => typeof answer === 'string'],
}

/**
 * The answers of a model if they are what LanguageModel says, one for each request, which JavaScript does not check; throws an Error that says
 * what they are instead.
 */
export function checkAnswers<Method extends keyof InParts>(
  method: Method,
  answers: readonly Answers[Method][],
  requests: number,
): Answers[Method][] {
  if (!Array.isArray(answers) || answers.length !== requests) {
    const given = Array.isArray(answers) ? `${answers.length} answers` : typeof answers
    throw new Error(`the model's ${method} gave ${given} for ${requests} requests`)
  }
  const [what, holds] = kinds[method]
  const wrong = answers.findIndex((answer) => !holds(answer))
  if (wrong === -1) return answers
  const answer: unknown = answers[wrong]
  const shown = typeof answer === 'number' ? String(answer) : (JSON.stringify(answer) ?? 'undefined')
  throw new Error(`the model's ${method} answered ${shown.slice(0, 80)} to request ${wrong + 1} instead of ${what}`)
}
