import type { KindProgress, PreparedTask } from '@saeval/eval-harness'
import { askModel } from '@saeval/eval-harness/internal/ask-model'
import type { LanguageModel } from '@saeval/language-model'
import type { ExpectedTime } from './announcement.js'
import { askingParts } from './asking-status.js'
import { RemainingTime } from './remaining-time.js'

// of each kind of requests: enough documents for a few passes, and no longer than that
const documents = 64
const milliseconds = 4000

/**
 * How long work takes at the speed of a try: the first documents of each kind of requests are asked for a few seconds. null where that says nothing,
 * and of a model whose weights are not here.
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
    const ended = AbortSignal.timeout(milliseconds)
    let tried = 0
    await askModel(
      model,
      own.map((task) => ({ ...task, asked: task.asked.slice(0, share) })),
      {
        signal: signal === undefined ? ended : AbortSignal.any([signal, ended]),
        onProgress: (progress) => {
          tried = progress[0]!.work.done
          time.update(askingParts(progress))
        },
      },
    ).catch((error: unknown) => {
      if (!ended.aborted || signal?.aborted) throw error
    })
    const rate = time.secondsPerUnit(kind)
    if (rate === null) return null
    seconds += runs * work.total * rate
    units += tried
  }
  return units === 0 ? null : { seconds, how: `at the speed of a try of ${Math.round(units)} tokens here` }
}
