import type { SteeringEdit } from '@saeval/sae-core'
import { attempt } from '../run-cell.js'
import { claimId, type Each } from '../share-work.js'
import { type Arm, editOf } from './arms.js'
import { type DocumentMeter, metricOf } from './document-meter.js'
import type { Measured, SearchProblem, Wanted } from './measured.js'
import type { Guard, Objective } from './search-settings.js'
import type { SplitDocuments } from './split-documents.js'

export interface SearchProblemOptions {
  readonly meter: DocumentMeter
  readonly arms: readonly Arm[]
  readonly objective: Objective
  readonly guards: readonly Guard[]
  readonly objectiveDocuments: SplitDocuments
  readonly guardDocuments: readonly SplitDocuments[]
  /** Divides measurements among processes. */
  readonly each: Each
}

/** A search of real arms on real documents. */
export interface DocumentProblem extends SearchProblem {
  /** Values of the objective, larger is better, on all confirming documents under any edit. */
  objectiveOf(key: string, edit: SteeringEdit | null): Promise<readonly number[]>
  /** Measures edits for objectiveOf, by key; with other processes, where there are some. */
  controlsAhead(edits: readonly (readonly [key: string, edit: SteeringEdit])[]): Promise<void>
  /** Means of the metrics as they are, of the unsteered model on the confirming documents. */
  unsteered(): Promise<{ readonly objective: number; readonly guards: readonly number[] }>
}

/** Turns tasks and edits into values of which larger is better. */
export async function searchProblem(options: SearchProblemOptions): Promise<DocumentProblem> {
  const { meter, arms, objective, guards, objectiveDocuments, guardDocuments } = options
  const lists = [objectiveDocuments, ...guardDocuments]
  const metrics = [objective.metric, ...guards.map(({ metric }) => metric)]
  const raw = async (index: number, key: string, edit: SteeringEdit | null, part: Wanted['part'], count: number) => {
    const places = lists[index]![part].slice(0, count)
    return metricOf(places, await meter.measure(key, edit, places), metrics[index]!)
  }
  const turns: ((value: number) => number)[] = []
  for (const [index, isTurned] of [objective.wanted === 'down', ...guards.map(({ points }) => points > 0)].entries()) {
    const values = await raw(index, 'unsteered', null, 'choosing', Number.POSITIVE_INFINITY)
    // zeros and ones stay zeros and ones, for the tests that are exact for them
    const isBinary = values.every((value) => value === 0 || value === 1)
    turns.push(isTurned ? (value) => (isBinary ? 1 - value : -value) : (value) => value)
  }
  const turned = async (...[index, ...rest]: Parameters<typeof raw>) => (await raw(index, ...rest)).map(turns[index]!)
  const countsOf = (part: Wanted['part']) => ({
    objective: objectiveDocuments[part].length,
    guards: Math.max(0, ...guardDocuments.map((list) => list[part].length)),
  })
  const all = Number.POSITIVE_INFINITY
  const problem: DocumentProblem = {
    arms: arms.length,
    budgets: guards.map(({ points }) => Math.abs(points) / 100),
    documents: { choosing: countsOf('choosing'), confirming: countsOf('confirming') },
    measure: async (arm, { part, objective: count, guards: guardCount }): Promise<Measured> => {
      const key = arm === null ? 'unsteered' : `arm ${arm}`
      const edit = arm === null ? null : editOf(arms[arm]!)
      const own = await turned(0, key, edit, part, count)
      const places = objectiveDocuments[part].slice(0, count)
      const margins = (await meter.measure(key, edit, places)).map((values) => {
        const margin = values.get('choice_margin')
        return margin !== undefined && Number.isFinite(margin) ? margin : null
      })
      const sign = objective.wanted === 'down' ? -1 : 1
      const others: number[][] = []
      for (const guard of guards.keys())
        others.push(guardCount === 0 ? [] : await turned(guard + 1, key, edit, part, guardCount))
      return {
        objective: own,
        margin: margins.includes(null) ? null : margins.map((margin) => sign * margin!),
        guards: others,
      }
    },
    objectiveOf: (key, edit) => turned(0, key, edit, 'confirming', all),
    unsteered: async () => {
      const means: number[] = []
      for (const index of lists.keys()) {
        const values = await raw(index, 'unsteered', null, 'confirming', all)
        means.push(values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length))
      }
      return { objective: means[0]!, guards: means.slice(1) }
    },
    ahead: (chosen, wanted) =>
      options.each(
        chosen.map((arm) => ({ id: claimId(JSON.stringify(['arm', arm, wanted])), arm })),
        async ({ arm }) => {
          await attempt(problem.measure(arm, wanted))
        },
      ),
    controlsAhead: (edits) =>
      options.each(
        edits.map(([key, edit]) => ({ id: claimId(key), key, edit })),
        async ({ key, edit }) => {
          await attempt(problem.objectiveOf(key, edit))
        },
      ),
  }
  return problem
}
