import type { SampleAnswer, SampleData, SampleDocument } from '../browser/sample-data.js'
import { firstFilter } from '../compare/changed-samples.js'
import type { Sample } from '../results/read-samples.js'
import type { RunResults } from '../results/run-results.js'

/** Characters of a prompt's end that the page keeps. */
const questionLength = 1500

/** Collects the samples of runs; of a task with several filters the first one's, of its metrics the first that is a number. */
export async function collectSamples(runs: readonly { label: string; results: RunResults }[]): Promise<SampleData> {
  const places = new Map<string, number>()
  const documents: SampleDocument[] = []
  const collected: { label: string; answers: (SampleAnswer | null)[] }[] = []
  for (const { label, results } of runs) {
    const answers: (SampleAnswer | null)[] = []
    for (const [task, path] of results.samples) {
      for await (const sample of firstFilter(path)) {
        const key = JSON.stringify([task, sample.docId])
        const place = places.get(key) ?? documents.length
        if (place === documents.length) {
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
    runs: collected.map(({ label, answers }) => ({
      label,
      answers: documents.map((_, place) => answers[place] ?? null),
    })),
  }
}

function documentOf(task: string, { docId, prompt, choices, target }: Sample): SampleDocument {
  return { task, id: docId, question: endOf(prompt), choices: choices.map(endOf), target }
}

/** The end of a long prompt, cut where a paragraph begins if one does. */
function endOf(prompt: string): string {
  if (prompt.length <= questionLength) return prompt
  const end = prompt.slice(-questionLength)
  const paragraph = end.indexOf('\n\n')
  return `… ${paragraph >= 0 && paragraph < questionLength / 2 ? end.slice(paragraph + 2) : end}`
}

function answerOf({ metrics, logprobs, answer }: Sample): SampleAnswer {
  const [score = null] = metrics.values()
  const rounded = (value: number) => Number(value.toFixed(4))
  return [score === null ? null : rounded(score), logprobs === null ? (answer ?? '') : logprobs.map(rounded)]
}
