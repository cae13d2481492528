import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import type { UiFolder } from './ui-folder.js'

/** Milliseconds between two looks at the folder. */
const pause = 1000

/**
 * Tells a page when the folder has changed (server-sent events), until the page is closed: since the version that the page was made of, or the last one that
 * it was told of, so that nothing is missed while it connects.
 */
export async function answerEvents(
  request: IncomingMessage,
  response: ServerResponse,
  folder: UiFolder,
  query: URLSearchParams,
): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.write('retry: 2000\n\n')
  let last = request.headers['last-event-id'] ?? query.get('version')
  while (!response.closed && !folder.closed.aborted) {
    const now = folder.version()
    if (now !== last) response.write(`id: ${now}\nevent: changed\ndata: \n\n`)
    last = now
    await wait(pause, null, { signal: folder.closed }).catch(() => {})
  }
  response.end()
}
