import { expect, it } from 'vitest'
import type { Reply, Request } from '../protocol.js'
import type { Answer } from './answer.js'
import { takeRequests } from './take-requests.js'

const edits = { edits: [] }
const write: Request = { kind: 'write', id: 1, request: { prompt: '', room: [], ...edits } }

/** A worker whose work goes on until it is ended, but for `write`. */
function slowWorker() {
  const replies: Reply[] = []
  const said: string[] = []
  const answer: Answer = async (kind, _request, send, signal) => {
    said.push(kind)
    while (kind !== 'write' && !signal.aborted) await new Promise((resolve) => setTimeout(resolve, 1))
    signal.throwIfAborted()
    send(null as never)
  }
  let hasEnded = () => {}
  const ended = new Promise<void>((resolve) => {
    hasEnded = resolve
  })
  const take = takeRequests(answer, (reply) => {
    replies.push(reply)
    if (reply.id === write.id && 'end' in reply) hasEnded()
  })
  return { take, replies, said, ended }
}

it('writes a text at once, though sessions are being opened ahead', async () => {
  const { take, replies, said, ended } = slowWorker()
  take({ kind: 'prepareEdits', id: 0, request: edits })
  await new Promise((resolve) => setTimeout(resolve, 5))
  take(write)
  await ended
  expect(said).toEqual(['prepareEdits', 'write'])
  expect(replies).toEqual([
    { id: 0, end: { problem: null } },
    { kind: 'write', id: 1, part: null },
    { id: 1, end: { problem: null } },
  ])
})

it('ends a request by a newer one of its kind, and leaves others', async () => {
  const { take, replies, said } = slowWorker()
  take({ kind: 'score', id: 2, request: edits })
  take({ kind: 'score', id: 3, request: edits })
  take({ kind: 'csv', id: 4, request: edits })
  await new Promise((resolve) => setTimeout(resolve, 10))
  expect(replies).toEqual([{ id: 2, end: { problem: null } }])
  expect(said).toEqual(['score'])
  take({ kind: 'score', id: 5, request: edits })
  take({ kind: 'csv', id: 6, request: edits })
  take({ kind: 'score', id: 7, request: edits })
})
