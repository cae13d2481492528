/** What distinguishes a cell of a sweep: coefficient, latent, action, csv, … */
export type Parameters = Readonly<Record<string, string | number>>

/** One cell of a sweep. */
export interface SweepCell {
  /** Name of its folder and key of its results. */
  readonly id: string
  readonly parameters: Parameters
  /** Its results file, relative to sweep.json; null until it has run. */
  readonly results: string | null
}

/** sweep.json: what a sweep folder holds. */
export interface SweepFile {
  /** Version of saeval that wrote it. */
  readonly saeval: string
  /** The command line that makes these results again. */
  readonly command: string
  /** Hash of everything that decides the results: model, tasks, options, cells. The same sweep can be continued, another one cannot. */
  readonly fingerprint: string
  /** The unsteered model. */
  readonly baseline: SweepCell
  readonly cells: readonly SweepCell[]
}

/** Name of a SweepFile in its folder. */
export const sweepFileName = 'sweep.json'
