import type { KindProgress } from '@saeval/eval-harness'
import type { LanguageModel, ModelInfo } from '@saeval/language-model'
import { byteWords, countWords, durationWords, flopWords } from './quantity-words.js'

/** What is known before a command begins its work. */
export interface Announcement {
  readonly model: string
  readonly memory?: ModelInfo['memory']
  /** Its weights: a token takes about two floating-point operations for each (Kaplan et al. 2020, section 2.1). */
  readonly numParameters: number
  readonly kinds: readonly KindProgress[]
  /** Runs of the same requests: a sweep has several. */
  readonly runs?: number
  readonly time: ExpectedTime | null
}

/** Seconds, and what they were measured on. */
export interface ExpectedTime {
  readonly seconds: number
  readonly how: string
}

/** The block before a long run, a few lines. */
export function announcementLines({ model, memory, numParameters, kinds, runs = 1, time }: Announcement): string[] {
  const sizes =
    memory === undefined
      ? []
      : [
          ...(memory.toDownload > 0 ? [`${byteWords(memory.toDownload)} to download`] : []),
          `${byteWords(memory.weights)} of memory for the weights, 0.5 GB at most for a pass`,
        ]
  const work = kinds.flatMap(({ kind, planned, requests }) => {
    const kept = planned === null ? 0 : requests.total - planned.requests
    const keptText = kept === 0 ? '' : `, ${countWords(kept)} answers are kept from before`
    if (planned === null || planned.tokens === 0) return [`${countWords(requests.total)} requests${keptText}`]
    if (kind === 'generate_until')
      return [
        `${countWords(planned.requests)} texts: ${countWords(planned.tokens)} tokens of prompts, at most ${countWords(planned.newTokens)} new tokens${keptText}`,
      ]
    return [
      `${countWords(planned.requests)} requests: ${countWords(planned.tokens)} distinct tokens of ${countWords(planned.requestTokens)}${keptText}`,
    ]
  })
  const tokens = kinds.reduce((sum, { planned }) => sum + (planned?.tokens ?? 0) + (planned?.newTokens ?? 0), 0)
  const flops = tokens === 0 ? '' : `, at most ${flopWords(2 * numParameters * tokens * runs)}`
  const times = runs === 1 ? '' : `${countWords(runs)} runs, each of them (layers below the edits are computed once):`
  return [
    `model: ${[model, ...sizes].join(', ')}`,
    ...(times === '' ? [] : [times]),
    ...work.map((line) => `work: ${line}`),
    time === null
      ? `time: is measured in the first passes, and shown then${flops}`
      : `time: ${runs === 1 ? 'about' : 'at most'} ${durationWords(time.seconds)} (${time.how})${flops}`,
  ]
}

/** Multiplications of weights that take minutes on a processor. */
const long = 1e13

/** Whether the work takes so long that one wants to know before. */
export function isLong(kinds: readonly KindProgress[], model: LanguageModel): boolean {
  const { numParameters } = model.info
  return (
    model.report?.().tokens !== undefined && kinds.reduce((sum, { work }) => sum + work.total, 0) * numParameters > long
  )
}
