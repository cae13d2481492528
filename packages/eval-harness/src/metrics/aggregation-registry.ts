import { toPlain } from '@saeval/python/internal/values/value'
import { DocFieldError } from '../documents/doc-fields.js'
import { type Aggregation, aggregations } from './aggregations.js'

/** An aggregation of one's own: `aggregation: name` in metric_list of a task file. */
export interface OwnAggregation {
  /** One number from a metric's values of all documents, plain JavaScript values. A throw stops the run. */
  aggregate(values: readonly unknown[]): number
  /** Whether its standard error is found by resampling the documents; false (default) gives none. */
  readonly bootstrap?: boolean
}

const registered = new Map<string, Aggregation>()

/** Makes `aggregation: name` known to task files. Throws Error for a name that is there. */
export function registerAggregation(name: string, aggregation: OwnAggregation): void {
  if (findAggregation(name) !== undefined) throw new Error(`aggregation "${name}" is registered already`)
  if (typeof aggregation?.aggregate !== 'function')
    throw new Error(`aggregation "${name}" has no aggregate: registerAggregation takes { aggregate, … }`)
  registered.set(name, {
    functionName: name,
    stderr: aggregation.bootstrap === true ? 'bootstrap' : null,
    prepare: (items) => {
      const values = items.map(toPlain)
      return (places) => {
        const chosen = Array.from({ length: places.length }, (_, i) => values[places[i]!])
        return numberOf(name, () => aggregation.aggregate(chosen))
      }
    },
  })
}

/** An aggregation by its name; undefined for names that are not known. */
export function findAggregation(name: string): Aggregation | undefined {
  return Object.hasOwn(aggregations, name) ? aggregations[name] : registered.get(name)
}

/** Names of all aggregations. */
export function aggregationNames(): string[] {
  return [...Object.keys(aggregations), ...registered.keys()]
}

function numberOf(name: string, step: () => unknown): number {
  let value: unknown
  try {
    value = step()
  } catch (cause) {
    throw new DocFieldError(`aggregation ${name}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
  if (typeof value === 'number') return value
  throw new DocFieldError(`aggregation ${name} gives ${value === undefined ? 'nothing' : typeof value}, not a number`)
}
