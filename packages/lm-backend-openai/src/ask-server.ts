import { setTimeout as sleep } from 'node:timers/promises'
import { InputError } from '@saeval/hub'
import { type Connection, openPoster } from './post-json.js'
import { type Secrets, shownAddress } from './secrets.js'

/** A server that answers JSON. */
export interface Server {
  /** Throws Error in one sentence when all attempts have failed, InputError where asking again cannot help. */
  ask(body: unknown, signal?: AbortSignal): Promise<unknown>
  readonly close: () => void
}

export interface ServerOptions {
  readonly connection: Connection
  /** Attempts in all. */
  readonly attempts: number
  readonly secrets: Secrets
  /** Told, in a line, what the user should know. */
  readonly notice: (line: string, importance?: 'warning') => void
  /** Waits; for tests. */
  readonly wait?: (seconds: number, signal?: AbortSignal) => Promise<void>
}

/** Statuses after which the same call may work. */
const passing = new Set([408, 409, 425, 429])
/** Seconds: what a server may ask for at most. */
const longestWait = 120

/** Opens nothing yet: the first call connects. */
export function openServer({ connection, attempts, secrets, notice, wait = waitFor }: ServerOptions): Server {
  const poster = openPoster(connection)
  const where = shownAddress(connection.address)
  let isToldToWait = false
  const ask = async (body: unknown, signal?: AbortSignal): Promise<unknown> => {
    for (let attempt = 1; ; attempt++) {
      signal?.throwIfAborted()
      const outcome = await attemptOnce(body, signal)
      if ('value' in outcome) return outcome.value
      const { problem, retryAfter } = outcome
      if (attempt >= attempts) {
        const times = attempts === 1 ? '' : ` ${attempts} times, the last time`
        throw new Error(`the server at ${where} failed${times}: ${problem}`)
      }
      const asked = Math.max(backOff(attempt), retryAfter ?? 0)
      if (asked > longestWait && !isToldToWait) {
        isToldToWait = true
        notice(
          `the server at ${where} asks to wait ${Math.ceil(asked)} s; ${longestWait} s are waited at most`,
          'warning',
        )
      }
      await wait(Math.min(longestWait, asked), signal)
    }
  }
  const attemptOnce = async (
    body: unknown,
    signal: AbortSignal | undefined,
  ): Promise<{ value: unknown } | { problem: string; retryAfter: number | null }> => {
    let answer: Awaited<ReturnType<typeof poster.post>>
    try {
      answer = await poster.post(body, signal)
    } catch (cause) {
      if (signal?.aborted) throw cause
      return { problem: secrets.hide(reasonOf(cause)), retryAfter: null }
    }
    const { status, text, retryAfter } = answer
    if (status >= 200 && status < 300) {
      try {
        return { value: JSON.parse(text) as unknown }
      } catch {
        return { problem: 'its answer is not JSON', retryAfter }
      }
    }
    if (status >= 500 || passing.has(status)) return { problem: `${status}${messageOf(text, secrets)}`, retryAfter }
    // what a server says of a key that it does not know may hold a part of it
    if (status === 401 || status === 403)
      throw new InputError(`the server at ${where} refuses the key (${status}); set OPENAI_API_KEY`)
    const hint = status === 404 ? '; base_url must be the whole address, and model one that it has' : ''
    throw new InputError(`the server at ${where} refuses the request: ${status}${messageOf(text, secrets)}${hint}`)
  }
  return { ask, close: poster.close }
}

/** Seconds before the next attempt: tenacity's wait_exponential(multiplier=0.5, min=1, max=10), as lm_eval waits. */
function backOff(attempt: number): number {
  return Math.max(1, Math.min(10, 0.5 * 2 ** (attempt - 1)))
}

async function waitFor(seconds: number, signal?: AbortSignal): Promise<void> {
  await sleep(seconds * 1000, undefined, signal ? { signal } : {}).catch((cause: unknown) => {
    throw signal?.aborted ? signal.reason : cause
  })
}

function reasonOf(cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException
  return message || code || 'the connection broke'
}

/** What an error's body says, in one short line without secrets; what is hidden is hidden before it is cut. */
function messageOf(text: string, secrets: Secrets): string {
  let said: unknown = text
  try {
    const body = JSON.parse(text) as { error?: unknown; message?: unknown; detail?: unknown }
    const { error } = body
    said = (error as { message?: unknown } | undefined)?.message ?? error ?? body.message ?? body.detail
  } catch {
    // not JSON: the text itself, unless it is a page
    if (/^\s*</.test(text)) said = ''
  }
  if (typeof said !== 'string' || said.trim() === '') return ''
  const line = secrets
    .hide(said.slice(0, 10_000))
    .replace(/[\s\x00-\x1f\x7f-\x9f]+/g, ' ')
    .trim()
  return ` (${line.length > 200 ? `${line.slice(0, 200)}…` : line})`
}
