import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { createReadStream, statSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pipeline } from 'node:stream/promises'
import { InputError, option, sentence } from '@saeval/hub'
import { answerEvents } from './answer-events.js'
import { answerSearch } from './answer-search.js'
import { comparePage } from './pages/compare-page.js'
import { errorPage } from './pages/error-page.js'
import { latentPage } from './pages/latent-page.js'
import { progressPart, resultsPage } from './pages/results-page.js'
import { samplesPage } from './pages/samples-page.js'
import { runToSteer, steerPage } from './pages/steer-page.js'
import { type FolderOptions, type FolderView, openFolder, type UiFolder } from './ui-folder.js'

export interface UiOptions extends FolderOptions {
  /** Port on this machine; any free one by default. */
  readonly port?: number
}

/** A page that is served. */
export interface Ui {
  /** Its address, with the token that opens it. */
  readonly address: string
  close(): Promise<void>
}

const loopback = '127.0.0.1'
type Page = (view: FolderView, query: URLSearchParams) => Promise<string>

/** Pages by the last part of their address. */
const pages: Readonly<Record<string, Page>> = {
  '': resultsPage,
  samples: samplesPage,
  compare: comparePage,
  latent: latentPage,
  steer: steerPage,
  progress: async (view) => progressPart(view),
}

/**
 * Serves pages over a folder to this machine alone: on 127.0.0.1, below a random token, to requests that name this host. It reads what is on disk and starts
 * nothing; no part of an address is opened as a file. Throws InputError for a folder that is none, and a port that cannot be had.
 */
export async function serveUi(options: UiOptions): Promise<Ui> {
  if (!statSync(options.folder, { throwIfNoEntry: false })?.isDirectory())
    throw new InputError(`${options.folder}: no such folder`)
  const token = randomBytes(24).toString('base64url')
  const folder = openFolder(options)
  const server = createServer((request, response) => {
    answer(request, response, token, folder).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(500, { 'content-type': 'text/plain; charset=utf-8' })
      response.end(`${error instanceof Error ? error.message : String(error)}\n`)
    })
  })
  await listen(server, options.port ?? 0)
  const { port } = server.address() as AddressInfo
  return {
    address: `http://${loopback}:${port}/${token}/`,
    close: () =>
      new Promise((resolve) => {
        folder.close()
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function listen(server: Server, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) =>
      reject(
        new InputError(
          sentence`${option('port')} ${String(port)}: ${cause.code === 'EADDRINUSE' ? 'another program has it' : cause.message}`,
          { cause },
        ),
      ),
    )
    server.listen(port, loopback, resolve)
  })
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  token: string,
  folder: UiFolder,
): Promise<void> {
  for (const [name, value] of Object.entries(guards)) response.setHeader(name, value)
  const refuse = (status: number, text: string) => {
    response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' })
    response.end(`${text}\n`)
  }
  // another site may lead its own name here (DNS rebinding), but not ours
  const { port } = request.socket.address() as AddressInfo
  if (![`${loopback}:${port}`, `localhost:${port}`].includes(request.headers.host ?? ''))
    return refuse(403, 'This page answers to 127.0.0.1 alone.')
  if (request.method !== 'GET') return refuse(405, 'This page is only read.')
  const url = new URL(request.url ?? '/', `http://${loopback}`)
  const [, given = '', name = '', ...more] = url.pathname.split('/')
  const steered = name === 'steer' && more.length === 2
  if (!isSame(given, token) || (more.length > 0 && !steered))
    return refuse(404, 'This page opens by its whole address, with the token in it.')
  if (name === 'events') return answerEvents(request, response, folder, url.searchParams)
  const view = folder.view()
  if (steered) return giveSteered(response, view, more as [string, string], refuse)
  if (name === 'search')
    return answerSearch(response, view, url.searchParams).catch((error: unknown) => {
      if (response.headersSent || !InputError.isInstance(error)) throw error
      refuse(422, view.words(error.sentence))
    })
  const page = Object.hasOwn(pages, name) ? pages[name]! : null
  if (page === null) return refuse(404, 'There is no such page.')
  // without its last slash the token would be the name of a page, and links would lead away from it
  if (name === '' && !url.pathname.endsWith('/')) {
    response.writeHead(308, { location: `/${token}/` })
    response.end()
    return
  }
  const [status, html] = await page(view, url.searchParams).then(
    (text) => [200, text] as const,
    (error: unknown) => {
      if (InputError.isInstance(error)) return [422, errorPage(view.words(error.sentence), view)] as const
      throw error
    },
  )
  response.writeHead(status, { 'content-type': 'text/html; charset=utf-8' })
  response.end(html)
}

/** Gives what stands at a name below the page that steers a run. Names are looked up among what that page has, and opened as no path. */
async function giveSteered(
  response: ServerResponse,
  view: FolderView,
  [run, name]: readonly [string, string],
  refuse: (status: number, text: string) => void,
): Promise<void> {
  const content = await runToSteer(view, decoded(run)).then(
    ({ content }) => content.get(name),
    (error: unknown) => {
      if (!InputError.isInstance(error)) throw error
      refuse(422, view.words(error.sentence))
      return null
    },
  )
  if (content === null) return
  if (content === undefined) return refuse(404, 'There is no such page.')
  const head = (bytes: number) => response.writeHead(200, { 'content-type': content.type, 'content-length': bytes })
  if ('bytes' in content) {
    head(Buffer.byteLength(content.bytes))
    response.end(content.bytes)
    return
  }
  head((await stat(content.path)).size)
  await pipeline(createReadStream(content.path), response).catch((error: NodeJS.ErrnoException) => {
    // the page was closed
    if (error.code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error
  })
}

/** What stands in an address; as it is where it is none. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

/** What every answer says to the browser; the page's own policy stands in it. */
const guards = {
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'content-security-policy': "frame-ancestors 'none'",
}

/** In a time that tells nothing of how much is the same. */
function isSame(a: string, b: string): boolean {
  const [one, two] = [a, b].map((text) => createHash('sha256').update(text).digest())
  return timingSafeEqual(one!, two!)
}
