import { seededUniform } from '@saeval/hub/internal/seeded-uniform'
import { shuffled } from '../shuffled.js'

/** A document by its task and its place there. */
export interface DocumentPlace {
  readonly task: string
  readonly docId: number
}

/** Documents that arms are chosen on, and those that are kept back to confirm the choice. */
export interface SplitDocuments {
  readonly choosing: readonly DocumentPlace[]
  readonly confirming: readonly DocumentPlace[]
}

/**
 * Shuffles each task's documents by a seed and gives half to each part (the odd one to choosing). Tasks take turns, so that the first documents of a
 * part are of all tasks.
 */
export function splitDocuments(tasks: ReadonlyMap<string, readonly number[]>, seed: number): SplitDocuments {
  const parts = { choosing: [] as DocumentPlace[][], confirming: [] as DocumentPlace[][] }
  for (const [task, docIds] of tasks) {
    const drawn = shuffled(docIds, seededUniform(seed)).map((docId) => ({ task, docId }))
    const half = Math.ceil(drawn.length / 2)
    parts.choosing.push(drawn.slice(0, half))
    parts.confirming.push(drawn.slice(half))
  }
  return { choosing: inTurns(parts.choosing), confirming: inTurns(parts.confirming) }
}

/** The first of each list, then the second of each, and so on. */
export function inTurns<Item>(lists: readonly (readonly Item[])[]): Item[] {
  const longest = Math.max(0, ...lists.map(({ length }) => length))
  return Array.from({ length: longest }, (_, at) => lists.flatMap((list) => list.slice(at, at + 1))).flat()
}
