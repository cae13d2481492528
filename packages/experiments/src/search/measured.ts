/** Values of documents, turned so that larger is better: more of what the objective wants, less of what the guards forbid. */
export interface Measured {
  readonly objective: readonly number[]
  /** Breaks ties of the objective: the margin of each document; null where the tasks have none. */
  readonly margin: readonly number[] | null
  /** A list for each guard. */
  readonly guards: readonly (readonly number[])[]
}

/** Which documents are measured: the first so many of a part. */
export interface Wanted {
  /** Documents that arms are chosen on, and those that took no part in choosing. */
  readonly part: 'choosing' | 'confirming'
  readonly objective: number
  /** Of each guard; 0 measures none. */
  readonly guards: number
}

/** What is searched, without what it is: arms are numbers, the most promising first. */
export interface SearchProblem {
  readonly arms: number
  /** Largest loss that each guard allows, 0 or more, in its metric's unit. */
  readonly budgets: readonly number[]
  /** Documents of the objective and of the guard with most, in each part. */
  readonly documents: Readonly<Record<Wanted['part'], { readonly objective: number; readonly guards: number }>>
  /** Values of an arm, or of the unsteered model (null), on documents. Called again, it gives the same values. */
  measure(arm: number | null, wanted: Wanted): Promise<Measured>
  /** Measures arms that will be asked for; with other processes, where there are some. What an arm cannot do is for `measure` to say. */
  ahead?(arms: readonly number[], wanted: Wanted): Promise<void>
}

/** Mean of after - before. */
export function meanGain(before: readonly number[], after: readonly number[]): number {
  return after.reduce((sum, value, index) => sum + value - before[index]!, 0) / Math.max(1, after.length)
}
