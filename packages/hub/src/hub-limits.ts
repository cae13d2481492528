import type { Environment } from './environment.js'
import { InputError } from './input-error.js'

/** How long, how often and how much a hub is listened to before a sentence says what it does. */
export interface HubLimits {
  /** Seconds until an answer begins: HF_HUB_ETAG_TIMEOUT, 10. */
  readonly answer: number
  /** Seconds in which less than 100 bytes a second arrive: HF_HUB_DOWNLOAD_TIMEOUT, 10. */
  readonly stall: number
  /** Seconds that one request may wait in all where the hub says "later": SAEVAL_HUB_WAIT, 60. */
  readonly wait: number
  /** Bytes of an answer about a repository: SAEVAL_HUB_ANSWER_BYTES, 64 MiB. */
  readonly answerBytes: number
  /** Answers that the list of a repository's files may come in: SAEVAL_HUB_PAGES, 1000, of as many files each. */
  readonly pages: number
}

const variables: Readonly<Record<keyof HubLimits, readonly [name: string, standard: number]>> = {
  answer: ['HF_HUB_ETAG_TIMEOUT', 10],
  stall: ['HF_HUB_DOWNLOAD_TIMEOUT', 10],
  wait: ['SAEVAL_HUB_WAIT', 60],
  answerBytes: ['SAEVAL_HUB_ANSWER_BYTES', 2 ** 26],
  pages: ['SAEVAL_HUB_PAGES', 1000],
}

/** The limits that are given, else those of the environment, else the standard ones. Throws InputError for a variable that is no number above 0. */
export function hubLimits(given: Partial<HubLimits> = {}, env: Environment = process.env): HubLimits {
  const limit = (name: keyof HubLimits): number => {
    const [variable, standard] = variables[name]
    const text = env[variable]?.trim()
    const value = given[name] ?? (text ? Number(text) : standard)
    if (value > 0 && Number.isFinite(value)) return value
    throw new InputError(`${variable} must be a number above 0`)
  }
  return {
    answer: limit('answer'),
    stall: limit('stall'),
    wait: limit('wait'),
    answerBytes: limit('answerBytes'),
    pages: limit('pages'),
  }
}

/** How to raise a limit, for the end of a sentence. */
export function raising(limit: keyof HubLimits): string {
  return `${variables[limit][0]} allows more`
}
