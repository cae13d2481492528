import type { ServerResponse } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import type { UiFolder } from './ui-folder.js'

/** Milliseconds between two looks at the folder. */
const pause = 1000

/** Tells a page when the folder has changed (server-sent events), until the page is closed. */
export async function answerEvents(response: ServerResponse, folder: UiFolder): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.write('retry: 2000\n\n')
  let last = folder.version()
  while (!response.closed && !folder.closed.aborted) {
    await wait(pause, null, { signal: folder.closed }).catch(() => {})
    const now = folder.version()
    if (now !== last) response.write('event: changed\ndata: \n\n')
    last = now
  }
  response.end()
}
