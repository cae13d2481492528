import type { Kind, Parts, Reply, Requests } from '../protocol.js'

interface Waiting {
  readonly onPart: (part: unknown) => void
  readonly end: (problem: string | null) => void
}

/** A worker, as the page sees it. */
export interface WorkerClient {
  /** Asks; resolves when everything is answered, to a sentence where something went wrong. A newer request of the kind ends this one. */
  ask<K extends Kind>(kind: K, request: Requests[K], onPart: (part: Parts[K]) => void): Promise<string | null>
}

/** Starts a worker from the text of its script. */
export function startWorker(script: Uint8Array<ArrayBuffer>): WorkerClient {
  const url = URL.createObjectURL(new Blob([script], { type: 'text/javascript' }))
  const worker = new Worker(url)
  const waiting = new Map<number, Waiting>()
  const newest = new Map<Kind, number>()
  let nextId = 0
  const endAll = (problem: string) => {
    for (const { end } of waiting.values()) end(problem)
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
    ask: (kind, request, onPart) =>
      new Promise((end) => {
        const id = nextId++
        newest.set(kind, id)
        waiting.set(id, { onPart: onPart as (part: unknown) => void, end })
        worker.postMessage({ kind, id, request })
      }),
  }
}
