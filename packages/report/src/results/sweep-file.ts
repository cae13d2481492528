/** What distinguishes a cell of a sweep: coefficient, latent, action, csv, … */
export type Parameters = Readonly<Record<string, string | number>>

/** One cell of a sweep. */
export interface SweepCell {
  /** Name of its folder and key of its results. */
  readonly id: string
  readonly parameters: Parameters
  /** Results file of each of the sweep's tasks that has run, relative to sweep.json. */
  readonly results: Readonly<Record<string, string>>
}

/** sweep.json: what a sweep asks for, and where the results are. */
export interface SweepFile {
  /** Version of saeval that wrote it. */
  readonly saeval: string
  /** The command line that makes these results again, the last one for this folder. */
  readonly command: string
  /** Names of the tasks and groups that it asks for. */
  readonly tasks: readonly string[]
  /** The unsteered model. */
  readonly baseline: SweepCell
  readonly cells: readonly SweepCell[]
}

/** Name of a SweepFile in its folder. */
export const sweepFileName = 'sweep.json'

/** An entry of cell.json, which lies in a cell's folder: a task or group that has run. */
export interface CellResults {
  readonly task: string
  /** Name of the results file in the folder. */
  readonly results: string
}

/** Name of a list of CellResults in a cell's folder. */
export const cellFileName = 'cell.json'
