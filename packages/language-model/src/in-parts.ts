import type { AnswerPart, InParts, LanguageModel, RequestOptions } from './language-model.js'

/** A model's reading of lists; of a model that has none, each part is a list of its own. */
export function inPartsOf(model: LanguageModel): InParts {
  if (model.inParts) return model.inParts
  const reading =
    <Request, Answer>(ask: (requests: readonly Request[], options?: RequestOptions) => Promise<Answer[]>) =>
    async (requests: readonly Request[]): Promise<AnswerPart<Answer>> =>
    async (places, options) =>
      places.length === 0
        ? []
        : ask(
            places.map((place) => requests[place]!),
            options,
          )
  return {
    loglikelihood: reading((requests, options) => model.loglikelihood(requests, options)),
    loglikelihoodRolling: reading((requests, options) => model.loglikelihoodRolling(requests, options)),
    generateUntil: reading((requests, options) => model.generateUntil(requests, options)),
  }
}

/** The same part with answers of another form. */
export function mapAnswers<Before, After>(ask: AnswerPart<Before>, map: (answer: Before) => After): AnswerPart<After> {
  return samePlan(ask, async (places, options) => (await ask(places, options)).map(map))
}

/** A way of answering that takes what `ask` takes. */
export function samePlan<Answer>(
  { planned }: Pick<AnswerPart<unknown>, 'planned'>,
  answer: AnswerPart<Answer>,
): AnswerPart<Answer> {
  return Object.assign(answer, planned === undefined ? {} : { planned })
}

/** The methods of a model that reads lists: each answers a whole one. */
export function wholeLists(inParts: InParts): Pick<LanguageModel, keyof InParts> {
  const asking =
    <Request, Answer>(read: (requests: readonly Request[]) => Promise<AnswerPart<Answer>>) =>
    async (requests: readonly Request[], options?: RequestOptions): Promise<Answer[]> =>
      (await read(requests))([...requests.keys()], options)
  return {
    loglikelihood: asking(inParts.loglikelihood),
    loglikelihoodRolling: asking(inParts.loglikelihoodRolling),
    generateUntil: asking(inParts.generateUntil),
  }
}
