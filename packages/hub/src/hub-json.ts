import type * as v from 'valibot'
import { checked } from './checks/checked.js'
import { nameOf, type Subject, WrongAnswerError } from './hub-errors.js'
import { hubFetch } from './hub-fetch.js'
import { hubLimits, raising } from './hub-limits.js'
import { type HubOptions, hubSettings } from './hub-settings.js'

/** How many times as long an answer may take to arrive as to begin. */
const whole = 6

/**
 * What the hub's API says about a repository at a path below /api, and the path of the page that goes on from it; null for none. Throws a WrongAnswerError for
 * what is too long, takes too long, or is not as the schema has it.
 */
export async function hubJson<Schema extends v.GenericSchema>(
  path: string,
  schema: Schema,
  subject: Subject,
  options: HubOptions,
): Promise<{ readonly value: v.InferOutput<Schema>; readonly next: string | null }> {
  const { endpoint } = hubSettings(options.env)
  const { answer, answerBytes } = hubLimits(options.limits, options.env)
  const response = await hubFetch(subject, options)(`${endpoint}/api/${path}`, {
    headers: { accept: 'application/json' },
  })
  const about = `${endpoint}/api/${path.split('?')[0]}`
  const begun = performance.now()
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    length += part.length
    // leaving the loop ends the answer
    if (length > answerBytes)
      throw new WrongAnswerError(`${about} is an answer of more than ${answerBytes} bytes (${raising('answerBytes')})`)
    if (performance.now() - begun > 1000 * whole * answer)
      throw new WrongAnswerError(`${about} did not arrive within ${whole * answer} seconds (${raising('answer')})`)
    parts.push(part)
  }
  let json: unknown
  try {
    json = JSON.parse(Buffer.concat(parts).toString('utf8'))
  } catch (cause) {
    throw new WrongAnswerError(
      `${about} is not JSON; is ${new URL(endpoint).host} a Hugging Face Hub? HF_HUB_OFFLINE=1 uses the cache only`,
      { cause },
    )
  }
  let value: v.InferOutput<Schema>
  try {
    value = checked(about, schema, json)
  } catch (cause) {
    // what a server says is no fault of the user's
    throw new WrongAnswerError((cause as Error).message, { cause })
  }
  const link = /<([^>]*)>;\s*rel="?next"?/.exec(response.headers.get('link') ?? '')?.[1]
  if (link === undefined) return { value, next: null }
  const next = URL.canParse(link, response.url) ? new URL(link, response.url) : null
  const base = new URL(`${endpoint}/api/`)
  if (next?.origin !== base.origin || !next.pathname.startsWith(base.pathname))
    throw new WrongAnswerError(
      `the answer about ${nameOf(subject)} goes on at ${next?.host ?? 'an address that is none'}, not at ${base.host}; set HF_ENDPOINT to the hub itself`,
    )
  return { value, next: `${next.pathname.slice(base.pathname.length)}${next.search}` }
}
