import { relative } from 'node:path'
import { InputError } from '@saeval/hub'
import { shown } from '@saeval/hub/checks'
import type { ExperimentRun } from '@saeval/report'
import type { FolderView } from './ui-folder.js'

/**
 * All runs by what addresses call them, the unsteered one first: the id of the cell, or where there is none the path of the results in the folder. Their
 * places in the list move when a cell ends; these names do not.
 */
export async function addressedRuns(view: FolderView): Promise<ReadonlyMap<string, ExperimentRun>> {
  const { baseline, runs } = await view.experiment()
  const all = [...(baseline ? [baseline] : []), ...runs]
  return new Map(all.map((run) => [run.id || relative(view.path, run.results.path), run]))
}

/** Names of the tasks that samples are of. */
export function sampledTasks(runs: Iterable<ExperimentRun>): ReadonlySet<string> {
  return new Set([...runs].flatMap(({ results }) => [...results.samples.keys()]))
}

/** The task that an address names; null where it names none, which means all. Throws InputError for one without samples here. */
export function namedTask(runs: Iterable<ExperimentRun>, query: URLSearchParams): string | null {
  const name = query.get('task') || null
  return name === null ? null : named('the task', new Map([...sampledTasks(runs)].map((task) => [task, task])), name)
}

/** What an address names. Throws InputError where it is not there, or not any more: never another one. */
export function named<Thing>(kind: string, things: ReadonlyMap<string, Thing>, name: string): Thing {
  const found = things.get(name)
  if (found === undefined)
    throw new InputError(
      `the address names ${kind} ${shown(name)}, which is not in this folder now; choose another one`,
    )
  return found
}
