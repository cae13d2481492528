import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { SampleDocument } from '@saeval/report/internal/browser/sample-data'
import { answerOf, documentOf } from '@saeval/report/internal/html/samples'
import { searchSamples } from './search-samples.js'
import { allRuns, runOf, type UiFolder } from './ui-folder.js'

/** Samples of one answer at most; the next ones are asked for. */
const most = 50

/** A line of the answer: a sample, how many lines were read, or the end. */
export type SearchLine =
  | { readonly doc: SampleDocument; readonly name: string; readonly answer: ReturnType<typeof answerOf> }
  | { readonly read: number }
  | { readonly read: number; readonly next: number | null }

/** Answers with what the samples hold, one JSON value a line as it is found, until it is enough or the page no longer listens. */
export async function answerSearch(response: ServerResponse, folder: UiFolder, query: URLSearchParams): Promise<void> {
  const experiment = await folder.experiment()
  const which = query.get('run') ?? ''
  const search = {
    // words, and phrases in quotes
    words: [...(query.get('q') ?? '').matchAll(/"([^"]+)"?|\S+/g)].map(([word, phrase]) => phrase ?? word),
    task: query.get('task') || null,
    runs: which === '' ? allRuns(experiment) : [runOf(experiment, which)],
    skip: Math.max(0, Number(query.get('skip')) || 0),
  }
  response.writeHead(200, { 'content-type': 'application/x-ndjson; charset=utf-8' })
  const say = async (line: SearchLine) => {
    // a page that no longer listens never drains
    if (!response.write(`${JSON.stringify(line)}\n`))
      await Promise.race([once(response, 'drain'), once(response, 'close')])
  }
  let [found, read] = [0, 0]
  for await (const item of searchSamples(search)) {
    if (response.destroyed) return
    if (typeof item === 'number') {
      read = item
      await say({ read })
      continue
    }
    read = item.line
    await say({ doc: documentOf(item.task, item.sample), name: item.run.label, answer: answerOf(item.sample) })
    if (++found === most) break
  }
  await say({ read, next: found < most ? null : read })
  response.end()
}
