import { InputError } from '@saeval/hub'
import { shown } from '@saeval/hub/checks'
import { type ExperimentRun, readSamples, type Sample } from '@saeval/report'

/** What is looked for in the samples of runs. */
export interface Search {
  /** A document or an answer must hold all of them, whatever their case. */
  readonly words: readonly string[]
  /** null for all tasks. */
  readonly task: string | null
  /** By what addresses call them. */
  readonly runs: ReadonlyMap<string, ExperimentRun>
  /** Where an earlier search ended; null for the beginning. */
  readonly after: Place | null
}

/** Where a sample stands; runs that come meanwhile do not move it. */
export interface Place {
  readonly run: string
  readonly task: string
  /** Lines of the file up to this one, with it. */
  readonly line: number
}

/** A sample that was found, or how far the search is. */
export interface Found {
  readonly run: ExperimentRun
  readonly task: string
  readonly sample: Sample
  readonly place: Place
  /** Lines that were read, with this one. */
  readonly read: number
}

/** Lines between two reports. */
const reportEvery = 5000

/**
 * Reads the sample files line by line; gives what fits, and after every 5,000 lines and at the end how many were read. Memory does not grow with them. Throws
 * InputError where the place after which it goes on is not there.
 */
export async function* searchSamples({ words, task, runs, after }: Search): AsyncGenerator<Found | number> {
  const needles = words.map((word) => word.toLowerCase())
  // what JSON writes as it is can be looked for in the line, which is much quicker than to read it
  const plain = needles.filter((needle) => /^[ !#-[\]-~]*$/.test(needle))
  const files = [...runs].flatMap(([name, run]) =>
    [...run.results.samples]
      .filter(([own]) => task === null || own === task)
      .map(([own, path]) => ({ name, run, task: own, path })),
  )
  const begin = after === null ? 0 : files.findIndex(({ name, task: own }) => name === after.run && own === after.task)
  if (after !== null && begin < 0)
    throw new InputError(
      `the search ended in the task ${shown(after.task)} of the run ${shown(after.run)}, which is not in this folder now; search again`,
    )
  let read = 0
  for (const [index, { name, run, task, path }] of files.slice(begin).entries()) {
    const passed = index === 0 ? (after?.line ?? 0) : 0
    let line = 0
    const isWanted = (json: string) => {
      if (++line <= passed) return false
      read++
      const text = plain.length > 0 ? json.toLowerCase() : ''
      return plain.every((needle) => text.includes(needle)) || read % reportEvery === 0
    }
    for await (const sample of readSamples(path, isWanted)) {
      if (holds(sample, needles)) yield { run, task, sample, place: { run: name, task, line }, read }
      if (read % reportEvery === 0) yield read
    }
  }
  yield read
}

function holds({ prompt, choices, answer, target }: Sample, needles: readonly string[]): boolean {
  const text = [prompt, ...choices, answer ?? '', target].join('\n').toLowerCase()
  return needles.every((needle) => text.includes(needle))
}
