import { readSamples, type Sample } from '../results/read-samples.js'
import type { RunResults } from '../results/run-results.js'

/** A document that two runs answer differently. */
export interface ChangedSample {
  readonly task: string
  readonly docId: number
  readonly target: string
  /** The context that the model saw. */
  readonly prompt: string
  readonly before: Answer
  readonly after: Answer
}

export interface Answer {
  /** The most likely choice, or the generated answer. */
  readonly text: string
  /** The first metric of the document; null where it has none that is a number. */
  readonly score: number | null
  /** Log-probability of the best choice above the second best, in nats; null for generated answers and single choices. */
  readonly margin: number | null
}

/** Documents that `after` answers otherwise than `before`, in file order; of a task with several filters the first one's. */
export async function changedSamples(before: RunResults, after: RunResults): Promise<ChangedSample[]> {
  const changed: ChangedSample[] = []
  for (const [task, path] of after.samples) {
    const other = before.samples.get(task)
    if (other === undefined) continue
    const answers = new Map<number, Answer>()
    for await (const sample of firstFilter(other)) answers.set(sample.docId, answerOf(sample))
    for await (const sample of firstFilter(path)) {
      const first = answers.get(sample.docId)
      const second = answerOf(sample)
      if (!first || first.text === second.text) continue
      const { docId, target, prompt } = sample
      changed.push({ task, docId, target, prompt, before: first, after: second })
    }
  }
  return changed
}

/** The samples of the first filter of a file. */
export async function* firstFilter(path: string): AsyncGenerator<Sample> {
  let filter: string | null = null
  for await (const sample of readSamples(path)) {
    filter ??= sample.filter
    if (sample.filter === filter) yield sample
  }
}

function answerOf({ logprobs, choices, answer, metrics }: Sample): Answer {
  const [score = null] = metrics.values()
  if (logprobs === null) return { text: answer ?? '', score, margin: null }
  const [first, second] = [...logprobs].sort((a, b) => b - a)
  const best = logprobs.indexOf(first!)
  const margin = second === undefined || first === second ? 0 : first! - second
  return { text: (choices[best] ?? '').trim(), score, margin: second === undefined ? null : margin }
}
