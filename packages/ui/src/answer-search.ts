import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { InputError } from '@saeval/hub'
import type { SampleDocument } from '@saeval/report/internal/browser/sample-data'
import { answerOf, documentOf } from '@saeval/report/internal/html/samples'
import { addressedRuns, named, namedTask } from './addressed-runs.js'
import { type Place, type Search, searchSamples } from './search-samples.js'
import type { FolderView } from './ui-folder.js'

/** Samples of one answer at most; the next ones are asked for. */
const most = 50

/** A line of the answer: a sample, how many lines this search has read, the end and where the next search goes on, or why there is no more. */
export type SearchLine =
  | { readonly doc: SampleDocument; readonly name: string; readonly answer: ReturnType<typeof answerOf> }
  | { readonly read: number }
  | { readonly read: number; readonly next: Place | null }
  | { readonly problem: string }

/**
 * Answers with what the samples hold, one JSON value a line as it is found, until it is enough or the page no longer listens. Throws InputError while nothing
 * is sent; later that is a line, because the answer has begun.
 */
export async function answerSearch(response: ServerResponse, view: FolderView, query: URLSearchParams): Promise<void> {
  const all = await addressedRuns(view)
  const which = query.get('run') || null
  const search = {
    // words, and phrases in quotes
    words: [...(query.get('q') ?? '').matchAll(/"([^"]+)"?|\S+/g)].map(([word, phrase]) => phrase ?? word),
    task: namedTask(all.values(), query),
    runs: which === null ? all : new Map([[which, named('the run', all, which)]]),
    after: placeOf(query),
  }
  response.setHeader('content-type', 'application/x-ndjson; charset=utf-8')
  const say = async (line: SearchLine) => {
    // a page that no longer listens never drains
    if (!response.write(`${JSON.stringify(line)}\n`))
      await Promise.race([once(response, 'drain'), once(response, 'close')])
  }
  try {
    await say(await sayFound(response, search, say))
  } catch (error) {
    if (!response.headersSent || !InputError.isInstance(error)) throw error
    await say({ problem: view.words(error.sentence) })
  }
  response.end()
}

/** Says what is found; gives the last line. */
async function sayFound(
  response: ServerResponse,
  search: Search,
  say: (line: SearchLine) => Promise<void>,
): Promise<SearchLine> {
  let [found, read] = [0, 0]
  let last: Place | null = null
  for await (const item of searchSamples(search)) {
    if (response.destroyed) break
    if (typeof item === 'number') {
      read = item
      await say({ read })
      continue
    }
    read = item.read
    last = item.place
    const { filter } = item.sample
    // a task with several filters has an answer by each
    const name = filter === 'none' ? item.run.label : `${item.run.label} (${filter})`
    await say({ doc: documentOf(item.task, item.sample), name, answer: answerOf(item.sample) })
    if (++found === most) break
  }
  return { read, next: found < most ? null : last }
}

/** The place after which a search goes on; null for one that begins. */
function placeOf(query: URLSearchParams): Place | null {
  const run = query.get('after-run')
  return run === null ? null : { run, task: query.get('after-task') ?? '', line: Number(query.get('after-line')) || 0 }
}
