import { checkAnswers } from './check-answers.js'
import type { LanguageModel, PlannedWork, ReadRequests, RequestOptions, Work } from './language-model.js'
import { noWork, sumOfWork } from './planned-work.js'
import { type ModelRequest, type RequestOf, type RequestType, requestTypes } from './requests.js'

/** For each type of request, what reads a list of them. */
export type ReadersByType = {
  readonly [Type in RequestType]: (
    requests: readonly RequestOf<Type>[],
  ) => ReadRequests<RequestOf<Type>> | Promise<ReadRequests<RequestOf<Type>>>
}

/** The requests of one type in a list. */
interface Group {
  readonly type: RequestType
  readonly read: ReadRequests
  /** Index in the whole list -> index among those of the type. */
  readonly at: ReadonlyMap<number, number>
  /** Index among those of the type -> index in the whole list. */
  readonly indices: readonly number[]
}

/** `LanguageModel.read` from a reader for each type: lists may mix types, which are read and answered one after the other. */
export function readByType(readers: ReadersByType): LanguageModel['read'] {
  const read = async (requests: readonly ModelRequest[]): Promise<ReadRequests> => {
    const groups: Group[] = []
    for (const type of requestTypes) {
      const indices = requests.flatMap((request, index) => (request.type === type ? [index] : []))
      if (indices.length === 0 && !(type === 'loglikelihood' && requests.length === 0)) continue
      const own = indices.map((index) => requests[index]!)
      const reader = readers[type] as (requests: readonly ModelRequest[]) => Promise<ReadRequests>
      groups.push({ type, read: await reader(own), indices, at: new Map(indices.map((index, at) => [index, at])) })
    }
    return joined(groups)
  }
  return read as LanguageModel['read']
}

function joined(groups: readonly Group[]): ReadRequests {
  // a list of indices is looked at for its plan and for its answers: readers find the same one again
  const shares = new WeakMap<readonly number[], readonly (readonly number[])[]>()
  const sharesOf = (indices: readonly number[]) => {
    const known = shares.get(indices) ?? groups.map(({ at }) => indices.flatMap((index) => at.get(index) ?? []))
    shares.set(indices, known)
    return known
  }
  const planned = (indices: readonly number[], options?: RequestOptions): PlannedWork =>
    sharesOf(indices)
      .map((own, group) => (own.length === 0 ? noWork : groups[group]!.read.planned!(own, options)))
      .reduce(sumOfWork, noWork)
  const answer: ReadRequests['answer'] = async (indices, options = {}) => {
    const answers = new Map<number, Awaited<ReturnType<ReadRequests['answer']>>[number]>()
    const works = sharesOf(indices).map((own, group): Work => {
      const read = groups[group]!.read
      return { done: 0, total: own.length === 0 ? 0 : (read.planned?.(own, options).work ?? 0) }
    })
    let before = 0
    for (const [group, own] of sharesOf(indices).entries()) {
      const { type, read, indices: all } = groups[group]!
      // where nothing is left of any type a model may still refuse what it has read
      if (own.length === 0 && indices.length > 0) continue
      const answered = await read.answer(own, {
        ...options,
        ...(options.onProgress && { onProgress: (done) => options.onProgress!(before + done, indices.length) }),
        ...(options.onWork && {
          onWork: (work) => {
            works[group] = work
            options.onWork!(
              works.reduce((sum, { done, total }) => ({ done: sum.done + done, total: sum.total + total })),
            )
          },
        }),
        ...(options.onTokens && {
          onTokens: (generated) => options.onTokens!({ ...generated, request: all[generated.request]! }),
        }),
      })
      const given = checkAnswers(type, answered as never[], own.length)
      own.forEach((at, index) => {
        answers.set(all[at]!, given[index]!)
      })
      before += own.length
    }
    return indices.map((index) => answers.get(index)!)
  }
  return { answer, ...(groups.every(({ read }) => read.planned) ? { planned } : {}) }
}
