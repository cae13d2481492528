import { setTimeout as sleep } from 'node:timers/promises'
import { type HubOptions, hubSettings } from './hub-settings.js'
import { InputError } from './input-error.js'

/** What a request is about, for messages. */
export interface Subject {
  readonly type: 'model' | 'dataset'
  readonly name: string
  readonly revision: string
  readonly path?: string
}

const attempts = 5
/** Endpoints that the last request could not reach: they are tried once only, so that a dead network costs its wait once. */
const unreachable = new Set<string>()
const longestWait = 30_000

/**
 * A fetch for @huggingface/hub's functions that adds what they lack: the token of the environment, retries (429, 5xx and broken
 * connections, with the server's Retry-After), a check that a range request is answered with that range, and errors that say what
 * to do. It resolves with answers of the 200s only, with a 404 for a file that is not there, and with those in `answers`.
 */
export function hubFetch(subject: Subject, options: HubOptions, answers: readonly number[] = []): typeof fetch {
  const settings = hubSettings(options.env)
  const send = options.fetch ?? fetch
  return async (input, init) => {
    const url = input instanceof Request ? input.url : String(input)
    const headers = new Headers(init?.headers)
    headers.set('user-agent', 'saeval')
    const token = await settings.token()
    // never to another origin: download links are signed already
    if (token !== null && new URL(url).origin === new URL(settings.endpoint).origin)
      headers.set('authorization', `Bearer ${token}`)
    for (let attempt = 1; ; attempt++) {
      options.signal?.throwIfAborted()
      let response: Response
      try {
        response = await send(url, { ...init, headers, ...(options.signal ? { signal: options.signal } : {}) })
      } catch (cause) {
        options.signal?.throwIfAborted()
        if (attempt === attempts || unreachable.has(settings.endpoint)) {
          unreachable.add(settings.endpoint)
          throw new Error(
            `cannot reach ${settings.endpoint} for ${subject.name}; check the network and HF_ENDPOINT, or set HF_HUB_OFFLINE=1 to use the cache only`,
            { cause },
          )
        }
        await wait(attempt, null, options.signal)
        continue
      }
      unreachable.delete(settings.endpoint)
      if (response.ok) {
        if (headers.has('range') && response.status !== 206) {
          await response.body?.cancel()
          throw new Error(
            `${new URL(url).host} does not answer range requests, which reading parts of ${subject.name} needs`,
          )
        }
        return response
      }
      if (answers.includes(response.status)) return response
      if ((response.status === 429 || response.status >= 500) && attempt < attempts) {
        await response.body?.cancel()
        await wait(attempt, response.headers.get('retry-after'), options.signal)
        continue
      }
      if (response.status === 404 && response.headers.get('x-error-code') === 'EntryNotFound') return response
      await response.body?.cancel()
      throw hubError(response, subject, settings.endpoint, token !== null)
    }
  }
}

function hubError(response: Response, subject: Subject, endpoint: string, hasToken: boolean): Error {
  const { type, name, revision, path } = subject
  const page = `${endpoint}/${type === 'dataset' ? 'datasets/' : ''}${name}`
  const token = hasToken
    ? 'use a token of an account that may read it (HF_TOKEN)'
    : 'set HF_TOKEN to a token of that account'
  switch (response.headers.get('x-error-code')) {
    case 'GatedRepo':
      return new InputError(`${name} is gated: accept its terms on ${page} and ${token}`)
    case 'RevisionNotFound':
      return new InputError(`${name} has no revision "${revision}"`)
    case 'RepoNotFound':
      return new InputError(
        `${page} does not exist or is private; check the name, and for a private repository ${token}`,
      )
  }
  if (response.status === 401 || response.status === 403) {
    return new InputError(
      `${page} does not exist or may not be read; check the name, and for a private or gated repository ${token}`,
    )
  }
  if (response.status === 404)
    return new InputError(
      `${page} ${path ? `has no file ${path} (revision ${revision})` : `does not exist, or has no revision "${revision}"`}`,
    )
  return new Error(`${endpoint} answered ${response.status} for ${name}${path ? `/${path}` : ''}`)
}

function wait(attempt: number, retryAfter: string | null, signal: AbortSignal | undefined): Promise<void> {
  const asked = retryAfter === null ? Number.NaN : Number(retryAfter) * 1000
  const time = Math.min(longestWait, Number.isFinite(asked) ? asked : 125 * 2 ** attempt)
  return sleep(time, undefined, signal ? { signal } : {})
}
