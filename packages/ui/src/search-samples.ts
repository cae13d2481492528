import { type ExperimentRun, readSamples, type Sample } from '@saeval/report'

/** What is looked for in the samples of runs. */
export interface Search {
  /** A document or an answer must hold all of them, whatever their case. */
  readonly words: readonly string[]
  /** null for all tasks. */
  readonly task: string | null
  readonly runs: readonly ExperimentRun[]
  /** Lines to pass over, of all files one after the other: where an earlier search ended. */
  readonly skip: number
}

/** A sample that was found, or how far the search is. */
export interface Found {
  readonly run: ExperimentRun
  readonly task: string
  readonly sample: Sample
  /** Its line, of all files one after the other. */
  readonly line: number
}

/** Lines between two reports. */
const reportEvery = 5000

/** Reads the sample files line by line; gives what fits, and after every 5,000 lines and at the end how many were read. Memory does not grow with them. */
export async function* searchSamples({ words, task, runs, skip }: Search): AsyncGenerator<Found | number> {
  const needles = words.map((word) => word.toLowerCase())
  // what JSON writes as it is can be looked for in the line, which is much quicker than to read it
  const plain = needles.filter((needle) => /^[ !#-[\]-~]*$/.test(needle))
  let line = 0
  for (const run of runs) {
    for (const [name, path] of run.results.samples) {
      if (task !== null && name !== task) continue
      const isWanted = (json: string) => {
        line++
        if (line <= skip) return false
        const text = plain.length > 0 ? json.toLowerCase() : ''
        return plain.every((needle) => text.includes(needle)) || line % reportEvery === 0
      }
      for await (const sample of readSamples(path, isWanted)) {
        if (line > skip && holds(sample, needles)) yield { run, task: name, sample, line }
        if (line % reportEvery === 0) yield line
      }
    }
  }
  yield line
}

function holds({ prompt, choices, answer, target }: Sample, needles: readonly string[]): boolean {
  const text = [prompt, ...choices, answer ?? '', target].join('\n').toLowerCase()
  return needles.every((needle) => text.includes(needle))
}
