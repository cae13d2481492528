// Samples that hold some words: asked of the server, shown as they are found.

import type { SampleCard } from '@saeval/report/internal/browser/sample-card'
import type { SampleAnswer, SampleDocument } from '@saeval/report/internal/browser/sample-data'

interface Line {
  readonly doc?: SampleDocument
  readonly name?: string
  readonly answer?: SampleAnswer
  readonly read?: number
  readonly next?: Place | null
  readonly problem?: string
}

/** Where a search ended. */
interface Place {
  readonly run: string
  readonly task: string
  readonly line: number
}

const form = document.getElementById('search') as HTMLFormElement | null
const list = document.getElementById('sample-list')!
const status = document.getElementById('found')!
const more = document.getElementById('more')!
let running = new AbortController()
let next: Place | null = null
/** Answers that the searches before this one have read. */
let before = 0

form?.addEventListener('submit', (event) => {
  event.preventDefault()
  begin()
})
for (const control of form?.querySelectorAll('select') ?? []) control.addEventListener('input', begin)
more.addEventListener('click', () => void ask(next))
if (form) begin()

function begin(): void {
  list.replaceChildren()
  before = 0
  void ask(null)
}

async function ask(after: Place | null): Promise<void> {
  running.abort()
  running = new AbortController()
  const { signal } = running
  more.hidden = true
  status.textContent = 'searching …'
  const query = new URLSearchParams(new FormData(form!) as unknown as Record<string, string>)
  if (after === null) history.replaceState(null, '', `?${query}`)
  for (const [name, value] of Object.entries(after ?? {})) query.set(`after-${name}`, String(value))
  try {
    const answer = await fetch(`search?${query}`, { signal })
    if (!answer.ok) throw new Error(await answer.text())
    for await (const line of linesOf(answer.body!)) show(line)
  } catch (error) {
    if (!signal.aborted) status.textContent = (error as Error).message
  }
}

function show({ doc, name, answer, read, next: following, problem }: Line): void {
  if (problem !== undefined) status.textContent = `${list.childElementCount} found, then: ${problem}`
  if (doc) {
    const card = document.createElement('sample-card') as SampleCard
    card.content = { doc, names: [name!], answers: [answer!] }
    list.append(card)
  }
  const isEnd = following !== undefined
  if (read !== undefined)
    status.textContent = `${list.childElementCount} found in ${before + read} answers${isEnd ? (following === null ? '' : '; there may be more') : ' …'}`
  if (!isEnd) return
  more.hidden = following === null
  next = following ?? null
  before += read ?? 0
}

/** JSON values, one a line, as they come. */
async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Line> {
  const reader = body.pipeThrough(new TextDecoderStream() as unknown as TransformStream<Uint8Array, string>).getReader()
  let rest = ''
  for (;;) {
    const { value, done } = await reader.read()
    if (done) return
    const lines = (rest + value).split('\n')
    rest = lines.pop()!
    for (const line of lines) yield JSON.parse(line) as Line
  }
}
