import { InputError } from '@saeval/hub'
import type { Kind, Problem, Reply, Request } from '../protocol.js'
import type { Answer } from './answer.js'

/** Kinds that a request ends beside its own: what is done ahead gives way to what is waited for. */
const ends: Readonly<Partial<Record<Kind, readonly Kind[]>>> = { write: ['prepareEdits', 'check'] }

/** Answers requests one after the other. One of a kind ends the one of that kind that is being answered or waits, and what gives way to it. */
export function takeRequests(answer: Answer, post: (reply: Reply) => void): (request: Request) => void {
  const current = new Map<Kind, AbortController>()
  let queue: Promise<void> = Promise.resolve()
  return ({ kind, id, request }) => {
    for (const ended of [kind, ...(ends[kind] ?? [])]) current.get(ended)?.abort()
    const control = new AbortController()
    current.set(kind, control)
    queue = queue.then(async () => {
      try {
        control.signal.throwIfAborted()
        const send = (part: unknown) => {
          if (!control.signal.aborted) post({ kind, id, part } as Reply)
        }
        await answer(kind, request, send, control.signal)
        post({ id, end: { problem: null } })
      } catch (error) {
        post({ id, end: { problem: control.signal.aborted ? null : problemOf(error) } })
      }
    })
  }
}

function problemOf(error: unknown): Problem {
  const isInput = InputError.isInstance(error)
  return { sentence: error instanceof Error ? error.message : String(error), isInput }
}
