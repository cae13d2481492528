import { InputError } from '@saeval/hub'
import type { Kind, Parts, Problem, Reply, Requests } from '../protocol.js'

interface Waiting {
  readonly onPart: (part: unknown) => void
  readonly end: (problem: Problem | null) => void
}

/** A worker, as the page sees it. */
export interface WorkerClient {
  /** Asks; resolves when everything is answered, to what went wrong where something did. A newer request of the kind ends this one. Buffers of `transfer` become the worker's. */
  ask<K extends Kind>(
    kind: K,
    request: Requests[K],
    onPart: (part: Parts[K]) => void,
    transfer?: readonly ArrayBuffer[],
  ): Promise<Problem | null>
  /** Ends it, and gives its memory back. */
  terminate(): void
}

/** Starts a worker from scripts, of which each runs after those before it. */
export function startWorker(scripts: readonly Uint8Array<ArrayBuffer>[]): WorkerClient {
  const url = URL.createObjectURL(
    new Blob(
      scripts.flatMap((script) => [script, '\n']),
      { type: 'text/javascript' },
    ),
  )
  const worker = new Worker(url)
  const waiting = new Map<number, Waiting>()
  const newest = new Map<Kind, number>()
  let nextId = 0
  const endAll = (sentence: string) => {
    for (const { end } of waiting.values()) end({ sentence, isInput: false })
    waiting.clear()
  }
  worker.onerror = (event) => endAll(event.message || 'the worker did not start')
  worker.onmessage = ({ data }: MessageEvent<Reply>) => {
    const found = waiting.get(data.id)
    if (found === undefined) return
    if ('part' in data) {
      // what was asked before the newest request is no longer wanted
      if (newest.get(data.kind) === data.id) found.onPart(data.part)
      return
    }
    waiting.delete(data.id)
    found.end(data.end.problem)
  }
  return {
    ask: (kind, request, onPart, transfer = []) =>
      new Promise((end) => {
        const id = nextId++
        newest.set(kind, id)
        waiting.set(id, { onPart: onPart as (part: unknown) => void, end })
        worker.postMessage({ kind, id, request }, [...transfer])
      }),
    terminate: () => {
      worker.terminate()
      URL.revokeObjectURL(url)
    },
  }
}

/** A problem as the page says it. */
export function inWords({ sentence, isInput }: Problem): string {
  return isInput ? sentence : `this went wrong in the page: ${sentence}`
}

/** Waits for the end of a request; throws what went wrong: an InputError where it lies in what was given. */
export async function succeed(asked: Promise<Problem | null>): Promise<void> {
  const problem = await asked
  if (problem === null) return
  throw problem.isInput ? new InputError(problem.sentence) : new Error(problem.sentence)
}

/** The last part of an answer; throws where there is none, or something went wrong. Buffers of `transfer` become the worker's. */
export async function answerOf<K extends Kind>(
  worker: WorkerClient,
  kind: K,
  request: Requests[K],
  transfer?: readonly ArrayBuffer[],
): Promise<Parts[K]> {
  let found: Parts[K] | null = null
  const onPart = (part: Parts[K]) => {
    found = part
  }
  await succeed(worker.ask(kind, request, onPart, transfer))
  if (found === null) throw new Error('there was no answer')
  return found
}
