import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'

/** How a server is reached. */
export interface Connection {
  readonly address: URL
  readonly headers: Readonly<Record<string, string>>
  /** Seconds for a whole answer. */
  readonly timeout: number
  readonly verifyCertificate: boolean
  /** Certificates (PEM) that are trusted in place of the system's. */
  readonly certificates?: string | undefined
  /** Connections at once. */
  readonly connections: number
}

/** An answer as it came. */
export interface Answer {
  readonly status: number
  readonly text: string
  /** Seconds that the server asks to wait before the next call; null where it does not. */
  readonly retryAfter: number | null
}

/** Posts JSON to one server over connections that are kept. */
export interface Poster {
  post(body: unknown, signal?: AbortSignal): Promise<Answer>
  close(): void
}

/**
 * Node's own client, not fetch: that can neither trust a certificate of one's own nor leave one unchecked without another package. Rejects for
 * what breaks, and after the timeout.
 */
export function openPoster(connection: Connection): Poster {
  const { address, timeout, connections } = connection
  const isSecure = address.protocol === 'https:'
  const agent = isSecure
    ? new HttpsAgent({
        keepAlive: true,
        maxSockets: connections,
        rejectUnauthorized: connection.verifyCertificate,
        ...(connection.certificates === undefined ? {} : { ca: connection.certificates }),
      })
    : new HttpAgent({ keepAlive: true, maxSockets: connections })
  const post = (body: unknown, signal?: AbortSignal) =>
    new Promise<Answer>((resolve, reject) => {
      signal?.throwIfAborted()
      const text = JSON.stringify(body)
      const request = (isSecure ? httpsRequest : httpRequest)(address, {
        method: 'POST',
        agent,
        headers: {
          ...connection.headers,
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(text),
        },
      })
      const stop = () => request.destroy(signal!.reason)
      const timer = setTimeout(
        () => request.destroy(new Error(`no whole answer within ${timeout} s`)),
        Math.min(timeout * 1000, 2 ** 31 - 1),
      )
      const settle = () => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', stop)
      }
      signal?.addEventListener('abort', stop, { once: true })
      request.on('error', (error) => {
        settle()
        reject(signal?.aborted ? signal.reason : error)
      })
      request.on('response', (response) => {
        readAnswer(response)
          .then(resolve, (error) => reject(signal?.aborted ? signal.reason : error))
          .finally(settle)
      })
      request.end(text)
    })
  return { post, close: () => agent.destroy() }
}

// the log-probabilities of a thousand long prompts take less
const largestAnswer = 2 ** 26

async function readAnswer(response: IncomingMessage): Promise<Answer> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of response) {
    bytes += (part as Buffer).length
    if (bytes > largestAnswer) throw new Error(`its answer has more than ${largestAnswer} bytes`)
    parts.push(part as Buffer)
  }
  if (!response.complete) throw new Error('the connection ended in the middle of the answer')
  const after = response.headers['retry-after']
  return {
    status: response.statusCode!,
    text: Buffer.concat(parts).toString('utf8'),
    retryAfter: after === undefined ? null : secondsOf(after),
  }
}

/** Retry-After is a number of seconds or a date. */
function secondsOf(value: string): number | null {
  const seconds = /^\d+$/.test(value) ? Number(value) : (Date.parse(value) - Date.now()) / 1000
  return Number.isNaN(seconds) ? null : Math.max(0, seconds)
}
