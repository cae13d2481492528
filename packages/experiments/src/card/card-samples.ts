import { createHash } from 'node:crypto'
import { statSync } from 'node:fs'
import { sha256 } from '@saeval/eval-harness/internal/results/sample-lines'
import { InputError } from '@saeval/hub'
import { textLines } from '@saeval/hub/internal/text-lines'
import { dumpsJson, isDict, type PyDict, PyFloat, type PyValue, parseJson } from '@saeval/python'
import type { CardTexts } from './card-texts.js'

/** Bytes of a file of samples, at most: one line of it must fit into a text. */
const largest = 2 ** 28

/** What of a sample line is hashed or numbers, and no text of a data set. */
const kept = ['doc_id', 'filter', 'doc_hash', 'prompt_hash', 'target_hash', 'metrics'] as const

/** A model's answer to a request: its log-probability and whether it is the likeliest text, a log-probability, or a text. */
export type CardAnswer =
  | { readonly logprob: number; readonly isGreedy: boolean | null }
  | { readonly text: string }
  /** Of a text that the card does not hold. */
  | { readonly sha256: string }

/** A line of a card's samples. */
export interface CardSample {
  readonly docId: number
  readonly filter: string
  /** Of document, first prompt, target, and all requests. */
  readonly hashes: Readonly<Record<'doc_hash' | 'prompt_hash' | 'target_hash' | 'requests_hash', string>>
  /** By request and repeat. */
  readonly answers: readonly (readonly CardAnswer[])[]
  /** Metrics that are numbers. */
  readonly metrics: ReadonlyMap<string, number>
}

/** Lines of samples as a card holds them, from those of a run. Throws InputError naming file and line. */
export async function* strippedSamples(path: string, texts: CardTexts): AsyncGenerator<string> {
  for await (const { line, number } of linesOf(path)) {
    const stripped = strippedLine(line, texts)
    if (stripped === null) throw new InputError(`${path}:${number} is not a sample of saeval`)
    yield `${dumpsJson(stripped, { ensureAscii: false })}\n`
  }
}

function strippedLine(line: PyValue, texts: CardTexts): PyDict | null {
  if (!isDict(line) || !kept.every((name) => line.has(name)) || !line.has('resps')) return null
  const requests = ['requests_hash', requestsHash(line.get('arguments') ?? null)] as const
  if (texts === 'all') return new Map([...line, requests])
  const isWritten = asksForTexts(line.get('arguments') ?? null)
  const hide = (value: PyValue) => (texts === 'none' ? withoutTexts(value, isWritten) : value)
  const metrics = line.get('metrics')
  const numbers = (Array.isArray(metrics) ? (metrics as readonly PyValue[]) : []).flatMap(
    (name): [string, PyValue][] => {
      const value = typeof name === 'string' ? (line.get(name) ?? null) : null
      return value !== null && holdsNoText(value) ? [[name as string, value]] : []
    },
  )
  return new Map<string, PyValue>([
    ...kept.map((name) => [name, line.get(name)!] as const),
    requests,
    // readers of samples expect the field
    ['arguments', new Map()],
    ['resps', hide(line.get('resps')!)],
    ['filtered_resps', hide(line.get('filtered_resps') ?? [])],
    ...numbers,
  ])
}

/** Hash of everything that a document's requests ask, as sample lines write it. */
export function requestsHash(requests: PyValue): string {
  return sha256(dumpsJson(requests, { ensureAscii: false }))
}

/** Whether requests are for texts: their settings are no text. */
function asksForTexts(requests: PyValue): boolean {
  return (
    isDict(requests) &&
    [...requests.values()].some((request) => isDict(request) && isDict(request.get('arg_1') ?? null))
  )
}

/** Texts by their hashes; of requests for log-probabilities, but for numbers and truths. */
function withoutTexts(value: PyValue, isWritten: boolean): PyValue {
  if (Array.isArray(value)) return value.map((part) => withoutTexts(part as PyValue, isWritten))
  if (typeof value !== 'string') return value
  if (!isWritten && (numberIn(value) !== null || /^(True|False)$/.test(value))) return value
  return `sha256:${createHash('sha256').update(value).digest('hex')}`
}

/** Whether a value is made of numbers and truths alone. */
export function holdsNoText(value: PyValue): boolean {
  if (Array.isArray(value)) return value.every(holdsNoText)
  return typeof value === 'number' || typeof value === 'boolean' || value instanceof PyFloat
}

/** Reads a card's samples. Throws InputError naming file and line for one that is none, and for more than `most` lines. */
export async function* readCardSamples(path: string, most: number): AsyncGenerator<CardSample> {
  for await (const { line, number } of cardLines(path, most)) {
    const sample = sampleOf(line)
    if (sample === null) throw new InputError(`${path}:${number} is not a sample of a card`)
    yield sample
  }
}

/** The lines of a card's samples as they are. Throws InputError naming file and line for one that is none, and for more than `most` lines. */
export async function* cardLines(
  path: string,
  most: number,
): AsyncGenerator<{ readonly line: PyDict; readonly number: number }> {
  for await (const { line, number } of linesOf(path)) {
    if (number > most) throw new InputError(`${path} has more than ${most} lines, as many as its documents have`)
    if (!isDict(line)) throw new InputError(`${path}:${number} is not a sample of a card`)
    yield { line, number }
  }
}

/** A line of samples, of a card or of a run, as a card's. null for what is none. */
export function sampleOf(line: PyDict): CardSample | null {
  const [docId, filter, resps] = ['doc_id', 'filter', 'resps'].map((name) => line.get(name))
  if (typeof docId !== 'number' || typeof filter !== 'string' || !Array.isArray(resps)) return null
  const hash = (name: string) => String(line.get(name) ?? '')
  const answers = (resps as readonly PyValue[]).map((list) => (Array.isArray(list) ? list : [list]).map(answerOf))
  if (answers.some((list) => list.includes(null))) return null
  const names = line.get('metrics')
  const metrics = (Array.isArray(names) ? (names as readonly PyValue[]) : []).flatMap((name): [string, number][] => {
    const value = typeof name === 'string' ? line.get(name) : undefined
    if (value instanceof PyFloat) return [[name as string, value.value]]
    return typeof value === 'number' || typeof value === 'boolean' ? [[name as string, Number(value)]] : []
  })
  return {
    docId,
    filter,
    hashes: {
      doc_hash: hash('doc_hash'),
      prompt_hash: hash('prompt_hash'),
      target_hash: hash('target_hash'),
      requests_hash: line.has('requests_hash') ? hash('requests_hash') : requestsHash(line.get('arguments') ?? null),
    },
    answers: answers as CardAnswer[][],
    metrics: new Map(metrics),
  }
}

/** Answers stand as texts: a pair of log-probability and truth, a log-probability, or what was written. */
function answerOf(answer: PyValue): CardAnswer | null {
  if (Array.isArray(answer)) {
    const [logprob, greedy] = answer as readonly PyValue[]
    const value = typeof logprob === 'string' ? numberIn(logprob) : null
    return value === null ? null : { logprob: value, isGreedy: greedy === 'True' }
  }
  if (typeof answer !== 'string') return null
  const hash = /^sha256:([0-9a-f]{64})$/.exec(answer)?.[1]
  return hash === undefined ? { text: answer } : { sha256: hash }
}

/** A number as Python writes a float. */
export function numberIn(text: string): number | null {
  if (!/^-?(\d+(\.\d+)?(e[-+]?\d+)?|inf|nan)$/.test(text)) return null
  return Number(text.replace('inf', 'Infinity').replace('nan', 'NaN'))
}

async function* linesOf(path: string): AsyncGenerator<{ readonly line: PyValue; readonly number: number }> {
  const { size } = statSync(path)
  if (size > largest)
    throw new InputError(
      `${path} has ${size} bytes, and a card's samples have at most ${largest} a task; take fewer documents`,
    )
  let number = 0
  for await (const json of textLines(path)) {
    number++
    if (json.trim() === '') continue
    let line: PyValue
    try {
      line = parseJson(json)
    } catch (cause) {
      throw new InputError(`${path}:${number} is not JSON`, { cause })
    }
    yield { line, number }
  }
}
