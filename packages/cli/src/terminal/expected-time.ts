import type { KindProgress, PreparedTask } from '@saeval/eval-harness'
import { askModel } from '@saeval/eval-harness/internal/ask-model'

import type { LanguageModel } from '@saeval/language-model'
import type { ExpectedTime } from './announcement.js'
import { askingParts } from './asking-status.js'
import { RemainingTime } from './remaining-time.js'

// of each kind of requests: enough documents for a few passes, and no longer than that
const documents = 64
// a slow model is given more, until a pass has ended
const milliseconds = { enough: 4000, longest: 600_000 }

/**
 * How long work takes at the speed of a try: the first documents of each kind of requests are asked for a few seconds, or until a pass has ended. null
 * where ten minutes say nothing, and of a model whose weights are not here.
 */
export async function expectedTime(
  model: LanguageModel,
  tasks: readonly PreparedTask[],
  kinds: readonly KindProgress[],
  { runs = 1, signal }: { readonly runs?: number; readonly signal?: AbortSignal } = {},
): Promise<ExpectedTime | null> {
  if ((model.info.memory?.toDownload ?? 0) > 0) return null
  let seconds = 0
  let units = 0
  for (const { kind, work } of kinds) {
    if (work.total === 0) continue
    const own = tasks.filter(({ asked }) => asked[0]?.requests[0]?.type === kind)
    const share = Math.max(1, Math.ceil(documents / own.length))
    const time = new RemainingTime(() => performance.now())
    const ended = new AbortController()
    let tried = 0
    let isEnough = false
    const endIfEnough = () => {
      if (isEnough && time.secondsPerUnit(kind) !== null) ended.abort()
    }
    const timers = [
      setTimeout(() => {
        isEnough = true
        endIfEnough()
      }, milliseconds.enough),
      setTimeout(() => ended.abort(), milliseconds.longest),
    ]
    await askModel(
      model,
      own.map((task) => ({ ...task, asked: task.asked.slice(0, share) })),
      {
        signal: signal === undefined ? ended.signal : AbortSignal.any([signal, ended.signal]),
        onProgress: (progress) => {
          tried = progress[0]!.work.done
          time.update(askingParts(progress))
          endIfEnough()
        },
      },
    )
      .catch((error: unknown) => {
        if (!ended.signal.aborted || signal?.aborted) throw error
      })
      .finally(() => timers.forEach(clearTimeout))
    const rate = time.secondsPerUnit(kind)
    if (rate === null) return null
    seconds += runs * work.total * rate
    units += tried
  }
  return units === 0 ? null : { seconds, how: `at the speed of a try of ${Math.round(units)} tokens here` }
}
