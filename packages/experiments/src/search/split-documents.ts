import { seededUniform } from '@saeval/hub/internal/seeded-uniform'

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
    const random = seededUniform(seed)
    const shuffled = docIds.map((docId) => ({ task, docId }))
    for (let at = shuffled.length - 1; at > 0; at--) {
      const other = Math.floor(random() * (at + 1))
      ;[shuffled[at], shuffled[other]] = [shuffled[other]!, shuffled[at]!]
    }
    const half = Math.ceil(shuffled.length / 2)
    parts.choosing.push(shuffled.slice(0, half))
    parts.confirming.push(shuffled.slice(half))
  }
  return { choosing: inTurns(parts.choosing), confirming: inTurns(parts.confirming) }
}

function inTurns(lists: readonly (readonly DocumentPlace[])[]): DocumentPlace[] {
  const longest = Math.max(0, ...lists.map(({ length }) => length))
  return Array.from({ length: longest }, (_, at) => lists.flatMap((list) => list[at] ?? [])).flat()
}
