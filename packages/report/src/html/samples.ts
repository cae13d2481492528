import type { SampleAnswer, SampleData, SampleDocument } from '../browser/sample-data.js'
import { firstFilter } from '../compare/changed-samples.js'
import type { Sample } from '../results/read-samples.js'
import type { RunResults } from '../results/run-results.js'

/** Characters of a text that the page keeps: of a prompt the end, of an answer the beginning. */
const textLength = 1500
/** Documents that the page keeps; a browser holds that many of that length. */
const mostDocuments = 20_000

/** Collects the samples of runs; of a task with several filters the first one's, of its metrics the first that is a number. */
export async function collectSamples(
  runs: readonly { label: string; results: RunResults }[],
  signal?: AbortSignal,
): Promise<SampleData> {
  const places = new Map<string, number>()
  const documents: SampleDocument[] = []
  const omitted = new Set<string>()
  const collected: { label: string; answers: (SampleAnswer | null)[] }[] = []
  for (const { label, results } of runs) {
    const answers: (SampleAnswer | null)[] = []
    for (const [task, path] of results.samples) {
      signal?.throwIfAborted()
      for await (const sample of firstFilter(path)) {
        const key = JSON.stringify([task, sample.docId])
        const place = places.get(key) ?? documents.length
        if (place === documents.length) {
          if (documents.length === mostDocuments) {
            omitted.add(key)
            continue
          }
          places.set(key, place)
          documents.push(documentOf(task, sample))
        }
        answers[place] = answerOf(sample)
      }
    }
    collected.push({ label, answers })
  }
  return {
    documents,
    omitted: omitted.size,
    runs: collected.map(({ label, answers }) => ({
      label,
      answers: documents.map((_, place) => answers[place] ?? null),
    })),
  }
}

/** A document as pages show it: long texts cut. */
export function documentOf(task: string, { docId, prompt, choices, target }: Sample): SampleDocument {
  return { task, id: docId, question: endOf(prompt), choices: choices.map(endOf), target: beginningOf(target) }
}

/** The end of a long prompt, cut where a paragraph begins if one does. */
function endOf(prompt: string): string {
  if (prompt.length <= textLength) return prompt
  const end = prompt.slice(-textLength)
  const paragraph = end.indexOf('\n\n')
  return `… ${paragraph >= 0 && paragraph < textLength / 2 ? end.slice(paragraph + 2) : end}`
}

/** The beginning of a long text. */
function beginningOf(text: string): string {
  return text.length <= textLength ? text : `${text.slice(0, textLength)}…`
}

/** The first metric of a document, and its log-probabilities or its text. */
export function answerOf({ metrics, logprobs, answer }: Sample): SampleAnswer {
  const [score = null] = metrics.values()
  const rounded = (value: number) => Number(value.toFixed(4))
  return [score === null ? null : rounded(score), logprobs === null ? beginningOf(answer ?? '') : logprobs.map(rounded)]
}
