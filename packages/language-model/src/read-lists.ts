import type { LanguageModel, RequestOptions } from './language-model.js'
import { readByType } from './read-by-type.js'
import type { AnswerTo, RequestOf, RequestType } from './requests.js'

/** For each type of request, what answers a list of them, in their order. */
export type ListAnswerers = {
  readonly [Type in RequestType]: (
    requests: readonly RequestOf<Type>[],
    options?: RequestOptions,
  ) => Promise<AnswerTo<RequestOf<Type>>[]>
}

/** `LanguageModel.read` of a model that answers whole lists and plans nothing: each part that it is asked is a list of its own. */
export function readLists(answerers: ListAnswerers): LanguageModel['read'] {
  const reader =
    <Type extends RequestType>(type: Type) =>
    (requests: readonly RequestOf<Type>[]) => ({
      answer: async (indices: readonly number[], options?: RequestOptions) => {
        if (indices.length === 0) return []
        const own = indices.map((index) => {
          const request = requests[index]!
          // a text's draw is its place in the whole list
          return request.type === 'generate_until' ? { draw: index, ...request } : request
        })
        const { onTokens } = options ?? {}
        return answerers[type](own, {
          ...options,
          // answerers know the places in the list that they are given
          ...(onTokens && {
            onTokens: (generated) => onTokens({ ...generated, request: indices[generated.request]! }),
          }),
        })
      },
    })
  return readByType({
    loglikelihood: reader('loglikelihood'),
    loglikelihood_rolling: reader('loglikelihood_rolling'),
    generate_until: reader('generate_until'),
  })
}
