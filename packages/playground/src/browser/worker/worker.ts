import { InputError } from '@saeval/hub'
import type { Kind, Problem, Reply, Request } from '../protocol.js'
import { answerer } from './answer.js'

// The worker's thread. Requests are answered one after the other; one of a kind ends the one of that kind that is being answered or waits.

const answer = answerer()
const current = new Map<Kind, AbortController>()
let queue: Promise<void> = Promise.resolve()

const post = (reply: Reply) => self.postMessage(reply)

self.onmessage = ({ data }: MessageEvent<Request>) => {
  const { kind, id, request } = data
  current.get(kind)?.abort()
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

function problemOf(error: unknown): Problem {
  const isInput = InputError.isInstance(error)
  return { sentence: error instanceof Error ? error.message : String(error), isInput }
}
