/** One number of a results file. */
export interface Score {
  readonly task: string
  /** How the console table names the task. */
  readonly alias: string
  /** Names of the tasks it is made of; null for a task. */
  readonly members: readonly string[] | null
  readonly metric: string
  readonly filter: string
  readonly value: number
  /** null where lm_eval has none ("N/A"). */
  readonly stderr: number | null
  /** Documents. */
  readonly n: number
  /** null where it is not known. */
  readonly higherIsBetter: boolean | null
}

/** One results file with its sample files: what one run measured. */
export interface RunResults {
  /** Path of the results file. */
  readonly path: string
  readonly date: Date
  /** config.model and config.model_args of the file. */
  readonly model: string
  readonly modelArgs: Readonly<Record<string, unknown>>
  readonly scores: readonly Score[]
  /** Task -> its samples_….jsonl, where samples were logged. */
  readonly samples: ReadonlyMap<string, string>
  /** The file's "saeval" entry: version, edits, SAEs, model files; null for a file of lm_eval. */
  readonly provenance: Readonly<Record<string, unknown>> | null
  /** The file's "config" entry. */
  readonly config: Readonly<Record<string, unknown>>
}
