import type { IncomingMessage, ServerResponse } from 'node:http'

/** What a server does with a request. */
export type Answer = (response: ServerResponse, request: IncomingMessage, url: URL) => unknown

export const json = (response: ServerResponse, value: unknown, headers = {}) =>
  response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value))
export const file = (path: unknown) => [{ type: 'file', path, size: 1 }]
const body = Buffer.alloc(300, 'x')

/** The bytes that are asked for, or what a lie makes of them. */
export const sendFile =
  (lie: {
    headers?: Record<string, string>
    total?: unknown
    from?: number
    etag?: () => string
    end?: Answer
  }): Answer =>
  (response, request, url) => {
    const [, from = '0', to] = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? '') ?? []
    const isRange = to !== undefined
    const part = body.subarray(Number(from), to === undefined ? undefined : Number(to) + 1)
    response.writeHead(isRange ? 206 : 200, {
      etag: lie.etag?.() ?? '"tag"',
      ...(isRange ? { 'content-range': `bytes ${lie.from ?? from}-${to}/${lie.total ?? body.length}` } : {}),
      ...lie.headers,
    })
    if (lie.end && to !== '0') lie.end(response, request, url)
    else response.end(part)
  }
/** Sends without an end. */
export const flood: Answer = (response) => {
  const more = () => {
    while (response.write(' '.repeat(65_536)));
  }
  response.on('drain', more)
  more()
}
/** A byte now and then. */
export const drip: Answer = (response) => {
  const timer = setInterval(() => response.write(' '), 20)
  response.on('close', () => clearInterval(timer))
}
