import type { EvaluationProgress, KindProgress, PreparedTask } from '@saeval/eval-harness'
import { countWords, rateWords } from './quantity-words.js'
import { type Part, RemainingTime } from './remaining-time.js'
import type { Status, Terminal } from './terminal.js'

const words: Readonly<Record<KindProgress['kind'], { readonly doing: string; readonly things: string }>> = {
  loglikelihood: { doing: 'scoring', things: 'answers' },
  loglikelihood_rolling: { doing: 'scoring', things: 'texts' },
  generate_until: { doing: 'writing', things: 'texts' },
}

/** How many documents the requests of a kind are of: what people call questions. */
export type Documents = ReadonlyMap<KindProgress['kind'], number>

/** The work of the kinds, each at a speed of its own; `name` tells those of one round from others. */
export function askingParts(kinds: readonly KindProgress[], name = ''): Part[] {
  return kinds.map(({ kind, work }) => ({ kind: `${kind}${name}`, ...work, alike: true }))
}

/** Says how far a model is with what it is asked. */
export function askingStatus(
  kinds: readonly KindProgress[],
  time: RemainingTime,
  { documents, name = '', where = '' }: { documents: Documents; name?: string; where?: string },
): Status {
  const at = kinds.find(({ requests }) => requests.done < requests.total) ?? kinds.at(-1)
  if (at === undefined) return { what: where, share: null, rate: null, left: null }
  const { doing, things } = words[at.kind]
  const count = documents.get(at.kind)
  // answers of one question come together, more or less
  const scale = at.kind === 'generate_until' || count === undefined ? 1 : count / at.requests.total
  const called = scale === 1 ? things : 'questions'
  const seconds = time.secondsPerUnit(`${at.kind}${name}`)
  const each = at.work.total === 0 ? 0 : (at.requests.total * scale) / at.work.total
  return {
    what: `${where}${doing} ${countWords(Math.floor(at.requests.done * scale))} of ${countWords(at.requests.total * scale)} ${called}`,
    share: time.share,
    rate: seconds === null || seconds === 0 || each === 0 ? null : rateWords(each / seconds, called),
    left: time.left,
  }
}

/** Shows on a terminal how far a single evaluation is. */
export function askingProgress(terminal: Terminal, now: () => number = () => performance.now()) {
  const time = new RemainingTime(now)
  const documents = new Map<KindProgress['kind'], number>()
  return {
    /** Counts the documents of a task. */
    prepared: (task: PreparedTask) => countDocuments(documents, task),
    update: (progress: EvaluationProgress) => {
      if (progress.stage === 'tasks') {
        terminal.status(preparingStatus(progress))
        return
      }
      time.update(askingParts(progress.kinds))
      terminal.status(askingStatus(progress.kinds, time, { documents }))
    },
  }
}

/** Adds a task's documents to those of the kind that its requests are of. */
export function countDocuments(documents: Map<KindProgress['kind'], number>, { asked, task }: PreparedTask): void {
  const kind = asked[0]?.requests[0]?.type
  if (kind !== undefined) documents.set(kind, (documents.get(kind) ?? 0) + asked.length * task.config.repeats)
}

/** Says how many tasks are prepared. */
export function preparingStatus({ done, total }: { readonly done: number; readonly total: number }): Status {
  return {
    what: `preparing task ${done + 1} of ${total}`,
    share: total === 0 ? null : done / total,
    rate: null,
    left: null,
  }
}
