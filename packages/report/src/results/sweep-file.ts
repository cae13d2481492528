import { objectOf, oneOf, recordOf, text } from '@saeval/hub/checks'
import * as v from 'valibot'

const cellFields = {
  /** Name of its folder and key of its results. */
  id: v.nullish(text, ''),
  parameters: recordOf(v.union([v.string(), v.number()], 'a text or a number')),
  /** Results file of each of the sweep's tasks that has run, relative to sweep.json. */
  results: recordOf(text),
}
const cell = objectOf(cellFields)

/** What a control has in place of the latent that a cell steers. */
export const controlKinds = ['random latents', 'random directions', 'flipped sign'] as const
export type ControlKind = (typeof controlKinds)[number]

const control = objectOf({
  ...cellFields,
  /** Id of the cell that it is a control of. */
  of: text,
  kind: oneOf(controlKinds),
})

/** What sweep.json holds. */
export const sweepSchema = objectOf({
  /** Version of saeval that wrote it. */
  saeval: v.nullish(text, ''),
  /** The command line that makes these results again, the last one for this folder. */
  command: v.nullish(text, null),
  /** Names of the tasks and groups that it asks for. */
  tasks: v.pipe(v.array(text, 'a list of names'), v.readonly()),
  /** The unsteered model. */
  baseline: cell,
  cells: v.pipe(v.array(cell, 'a list of cells'), v.readonly()),
  controls: v.optional(v.pipe(v.array(control, 'a list of controls'), v.readonly()), []),
})

/** What distinguishes a cell of a sweep: coefficient, latent, action, csv, … */
export type Parameters = Readonly<Record<string, string | number>>

/** One cell of a sweep. */
export type SweepCell = Readonly<v.InferOutput<typeof cell>>

/** sweep.json: what a sweep asks for, and where the results are. */
export type SweepFile = Readonly<v.InferOutput<typeof sweepSchema>>

/** Name of a SweepFile in its folder. */
export const sweepFileName = 'sweep.json'

/** Fields of an entry of cell.json, which lies in a cell's folder: a task or group that has run, and the name of the results file in the folder. */
export const cellResultsFields = { task: text, results: text }

/** An entry of cell.json. */
export type CellResults = Readonly<v.InferOutput<v.ObjectSchema<typeof cellResultsFields, undefined>>>

/** Name of a list of CellResults in a cell's folder. */
export const cellFileName = 'cell.json'
