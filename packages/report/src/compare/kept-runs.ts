import { createHash } from 'node:crypto'
import { statSync } from 'node:fs'
import type { RunResults } from '../results/run-results.js'

/** What was found of runs, for who compares again and again while results come: numbers alone, no documents. */
export interface Kept<Found> {
  /** What was found of a run beside a baseline; what `find` finds where the scores or the sample files of one are others than then. */
  get(baseline: RunResults | null, run: RunResults, find: () => Promise<Found>): Promise<Found>
}

/** Keeps nothing yet, and of `most` runs at most; those that were asked for longest ago go first. */
export function keepRuns<Found>(most: number): Kept<Found> {
  const kept = new Map<string, Promise<Found>>()
  return {
    get: (baseline, run, find) => {
      const key = createHash('sha256')
        .update(JSON.stringify([baseline, run].map((one) => one && [one.scores, stampOf(one)])))
        .digest('base64')
      const found = kept.get(key) ?? find()
      kept.delete(key)
      kept.set(key, found)
      // what failed is tried again
      found.catch(() => kept.get(key) === found && kept.delete(key))
      for (const first of kept.keys()) if (kept.size > most) kept.delete(first)
      return found
    },
  }
}

/** Names, sizes and times of a run's files, as text: another one when they change. */
export function stampOf({ path, samples }: RunResults): string {
  const files = [['', path] as const, ...samples]
  return JSON.stringify(
    files.map(([task, file]) => {
      const info = statSync(file, { throwIfNoEntry: false })
      return [task, file, info?.size, info?.mtimeMs]
    }),
  )
}
