import { setTimeout as sleep } from 'node:timers/promises'
import { hubError, nameOf, type Subject, WrongAnswerError } from './hub-errors.js'
import { hubLimits, raising } from './hub-limits.js'
import { type HubOptions, hubSettings } from './hub-settings.js'
import { watchedBody } from './watched-body.js'

const attempts = 5
/** Silence is waited for twice only: it costs the whole limit each time. */
const silentAttempts = 2
/** Endpoints that the last request could not reach: they are tried once only, so that a dead network costs its wait once. */
const unreachable = new Set<string>()

/** A body that does not arrive. */
export class StalledError extends Error {}

/**
 * A fetch for @huggingface/hub's functions that adds what they lack: the token of the environment, retries (429, 5xx and broken
 * connections, with the server's Retry-After), limits of time and size, a check that a range request is answered with that range, and errors that
 * say what to do. It resolves with answers of the 200s only, with a 404 for a file that is not there, and with those in
 * `answers`. A body that is longer than `most` bytes fails.
 */
export function hubFetch(
  subject: Subject,
  options: HubOptions,
  {
    answers = [],
    most = Number.POSITIVE_INFINITY,
  }: { readonly answers?: readonly number[]; readonly most?: number | undefined } = {},
): typeof fetch {
  const { endpoint, token: readToken } = hubSettings(options.env)
  const limits = hubLimits(options.limits, options.env)
  return async (input, init) => {
    const url = input instanceof Request ? input.url : String(input)
    const headers = new Headers(init?.headers)
    headers.set('user-agent', 'saeval')
    const token = await readToken()
    // never to another origin: download links are signed already
    if (token !== null && new URL(url).origin === new URL(endpoint).origin)
      headers.set('authorization', `Bearer ${token}`)
    let waited = 0
    const wait = async (attempt: number, retryAfter: string | null) => {
      const seconds = secondsOf(retryAfter) ?? 0.125 * 2 ** attempt
      if (waited + seconds > limits.wait)
        throw new Error(
          `${endpoint} asks to wait ${Math.ceil(seconds)} seconds before ${nameOf(subject)} is asked for again; try later (${raising('wait')})`,
        )
      waited += seconds
      await sleep(1000 * seconds, undefined, options.signal ? { signal: options.signal } : {})
    }
    for (let attempt = 1; ; attempt++) {
      options.signal?.throwIfAborted()
      let response: Response
      try {
        response = await answerOf(url, { ...init, headers }, options, limits.answer)
      } catch (cause) {
        options.signal?.throwIfAborted()
        const redirects = redirectProblem(cause)
        if (redirects)
          throw new WrongAnswerError(`${endpoint} leads ${nameOf(subject)} nowhere (${redirects})`, { cause })
        const isSilent = cause instanceof StalledError
        if (attempt < (isSilent ? silentAttempts : attempts) && !unreachable.has(endpoint)) {
          if (!isSilent) await wait(attempt, null)
          continue
        }
        unreachable.add(endpoint)
        const why = isSilent ? ` (no answer within ${limits.answer} seconds; ${raising('answer')})` : ''
        throw new Error(
          `cannot reach ${endpoint} for ${subject.name}${why}; check the network and HF_ENDPOINT, or set HF_HUB_OFFLINE=1 to use the cache only`,
          { cause },
        )
      }
      unreachable.delete(endpoint)
      if (response.ok) return watched(response, headers.get('range'), url, subject, { stall: limits.stall, most })
      if (answers.includes(response.status)) return response
      if ((response.status === 429 || response.status >= 500) && attempt < attempts) {
        await response.body?.cancel()
        await wait(attempt, response.headers.get('retry-after'))
        continue
      }
      if (response.status === 404 && response.headers.get('x-error-code') === 'EntryNotFound') return response
      await response.body?.cancel()
      throw hubError(response, subject, endpoint, token !== null)
    }
  }
}

/** The answer as soon as its headers are there. Throws StalledError where they are not in time, which an upload's are after the upload only. */
async function answerOf(url: string, init: RequestInit, options: HubOptions, seconds: number): Promise<Response> {
  const late = new AbortController()
  const timer = init.body ? undefined : setTimeout(() => late.abort(new StalledError()), 1000 * seconds)
  const signals = [late.signal, options.signal, init.signal].filter((signal) => signal instanceof AbortSignal)
  try {
    return await (options.fetch ?? fetch)(url, { ...init, signal: AbortSignal.any(signals) })
  } finally {
    clearTimeout(timer)
  }
}

/** undici's words for redirects that no repetition mends. */
function redirectProblem(cause: unknown): string | null {
  const reason = cause instanceof Error && cause.cause instanceof Error ? cause.cause.message : ''
  return /redirect|scheme/.test(reason) ? reason : null
}

/** Retry-After in seconds: a number or a date; null for anything else. */
function secondsOf(retryAfter: string | null): number | null {
  if (retryAfter === null) return null
  const seconds = /^\d+(\.\d+)?$/.test(retryAfter) ? Number(retryAfter) : (Date.parse(retryAfter) - Date.now()) / 1000
  return Number.isNaN(seconds) ? null : Math.max(0, seconds)
}

/** The answer with a body that is watched; of a range it is that range, and no more. */
function watched(
  response: Response,
  range: string | null,
  url: string,
  subject: Subject,
  { stall, most }: { readonly stall: number; readonly most: number },
): Response {
  const { host } = new URL(response.url || url)
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(range ?? '') ?? []
  const refuse = (error: Error): never => {
    response.body?.cancel().catch(() => {})
    throw error
  }
  if (range !== null && response.status !== 206)
    refuse(new Error(`${host} does not answer range requests, which reading parts of ${subject.name} needs`))
  const answered = response.headers.get('content-range')
  const [, first, last] = /^bytes (\d+)-(\d+)\//.exec(answered ?? '') ?? []
  if (to !== undefined && answered !== null && !(first === from && Number(last) <= Number(to)))
    refuse(
      new WrongAnswerError(`${host} answered bytes ${from} to ${to} of ${nameOf(subject)} with others (${answered})`),
    )
  if (response.body === null) return response
  const body = watchedBody(response.body, {
    most: from === undefined ? most : Number(to) - Number(from) + 1,
    stall,
    tooLong: () => new WrongAnswerError(`${host} sent more of ${nameOf(subject)} than was asked for`),
    stalled: () =>
      new StalledError(
        `${host} stopped sending ${nameOf(subject)}: less than 100 bytes a second arrived for ${stall} seconds (${raising('stall')})`,
      ),
  })
  const { status, statusText, headers } = response
  const copy = new Response(body, { status, statusText, headers })
  // a Response that is made knows no address; @huggingface/hub takes from it where a file lies
  return Object.defineProperties(copy, { url: { value: response.url }, redirected: { value: response.redirected } })
}
