/** One document, kept once for all runs. */
export interface SampleDocument {
  readonly task: string
  readonly id: number
  /** The end of the prompt. */
  readonly question: string
  readonly choices: readonly string[]
  readonly target: string
}

/** A run's answers, one per document in the order of SampleData.documents; null where the run has not answered it. */
export type SampleAnswers = readonly (SampleAnswer | null)[]

/** [score, log-probabilities of the choices] or [score, the generated answer]. */
export type SampleAnswer = readonly [number | null, readonly number[] | string]

/** What the page's sample table shows: JSON in the element #sample-data. Prompts stand once; a run adds a few numbers a document. */
export interface SampleData {
  readonly documents: readonly SampleDocument[]
  /** How many more there are, which a page has no room for. */
  readonly omitted: number
  /** Runs in the order of the page, the baseline first if there is one. */
  readonly runs: readonly { readonly label: string; readonly answers: SampleAnswers }[]
}
