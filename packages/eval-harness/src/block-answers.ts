import { InputError } from '@saeval/hub'
import {
  type AnswerTo,
  type Counted,
  type LanguageModel,
  type ModelRequest,
  type ReadRequests,
  wrapModel,
} from '@saeval/language-model'
import type { ReadBlock } from './ask-model.js'
import { countedBy, differenceOf, nothingCounted, sumOfCounted } from './cache/counted.js'
import { fromStored, toStored } from './cache/kept-answer.js'
import { blockId } from './cache/request-key.js'

/** The answers to a block of requests, and what the model counted for them. JSON values: what differs from run to run is not in it. */
export interface BlockAnswers {
  readonly counted: readonly unknown[]
  readonly answers: readonly unknown[]
}

/** Asks a model a block that it has read (readBlocks). */
export async function answerBlock(
  model: LanguageModel,
  block: ReadBlock,
  options: Parameters<ReadBlock['answer']>[0] = {},
): Promise<BlockAnswers> {
  const before = countedBy(model)
  const answers = await block.answer(options)
  const [, counted] = toStored({ answer: '', counted: differenceOf(countedBy(model), before) }) as [unknown, unknown[]]
  const stored = answers.map((answer) => (toStored({ answer, counted: nothingCounted }) as unknown[])[0])
  return { counted, answers: stored }
}

/** Whether these are answers to so many requests; a damaged file has others. */
export function areAnswersTo(requests: number, { answers, counted }: BlockAnswers): boolean {
  return answers.length === requests && answers.every((answer) => fromStored([answer, counted]) !== null)
}

/**
 * A model that takes the answers of whole blocks from `find`, by blockId, and is never asked itself. It reads, refuses and reports as the model that has
 * answered them. Throws what `find` throws, and InputError for answers that are damaged.
 */
export function answeredModel(model: LanguageModel, find: (block: string) => BlockAnswers): LanguageModel {
  let before: Counted = nothingCounted
  const read = async <Request extends ModelRequest>(requests: readonly Request[]): Promise<ReadRequests<Request>> => {
    const { answer: ask, ...rest } = await model.read(requests)
    return {
      ...rest,
      answer: async (indices, options = {}) => {
        // the model may refuse what it has read as a whole
        await ask([], options)
        if (indices.length === 0) return []
        const id = blockId(
          indices.map((index) => requests[index]!),
          options,
        )
        const { answers, counted } = find(id)
        const kept = answers.map((answer) => fromStored([answer, counted]))
        if (kept.length !== indices.length || kept.includes(null))
          throw new InputError(`the answers of block ${id} are damaged`)
        before = sumOfCounted(before, kept[0]!.counted)
        options.onProgress?.(indices.length, indices.length)
        return kept.map((entry) => entry!.answer as AnswerTo<Request>)
      },
    }
  }
  return wrapModel(model, {
    read,
    report: () => {
      const { tokens, ...report } = model.report?.(before) ?? {}
      const { requested, computed } = before
      return {
        ...report,
        ...(tokens && { tokens: { requested: tokens.requested + requested, computed: tokens.computed + computed } }),
      }
    },
  })
}
