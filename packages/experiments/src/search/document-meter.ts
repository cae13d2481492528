import { cachedModel, type PreparedTask, type Store } from '@saeval/eval-harness'
import { InputError } from '@saeval/hub'
import type { SteerableModel } from '@saeval/language-model'
import { lowerEdits, type SteeringEdit } from '@saeval/sae-core'
import { documentValues, plusMargin, withDocuments } from '../documents/document-values.js'
import type { DocumentPlace } from './split-documents.js'

export interface DocumentMeterOptions {
  /** The model, sharing the layers below the edits. */
  readonly model: SteerableModel
  readonly tasks: readonly PreparedTask[]
  /** Keeps answers: what is killed goes on from there. */
  readonly store: Store
  readonly seed: number
  readonly signal?: AbortSignal | undefined
}

/** Metrics of one document. */
export type DocumentMetrics = ReadonlyMap<string, number>

/** Measures documents under edits, each once, and counts the tokens that it takes. */
export class DocumentMeter {
  readonly #options: DocumentMeterOptions
  readonly #known = new Map<string, Map<string, DocumentMetrics>>()
  /** Tokens that were computed, in earlier processes too. */
  tokens = 0

  constructor(options: DocumentMeterOptions) {
    this.#options = options
  }

  /**
   * Metrics of documents under an edit, null for none; those of multiple choice have `choice_margin` too. `key` tells edits apart. Throws InputError where the
   * edit does not fit the texts.
   */
  async measure(key: string, edit: SteeringEdit | null, places: readonly DocumentPlace[]): Promise<DocumentMetrics[]> {
    const known = this.#known.get(key) ?? new Map<string, DocumentMetrics>()
    this.#known.set(key, known)
    const missing = places.filter((place) => !known.has(nameOf(place)))
    if (missing.length > 0) {
      const { model, tasks, store, seed, signal } = this.#options
      signal?.throwIfAborted()
      const wanted = new Map<string, Set<number>>()
      for (const { task, docId } of missing) wanted.set(task, (wanted.get(task) ?? new Set()).add(docId))
      const own = tasks.flatMap((task) => {
        const docIds = wanted.get(task.task.config.task)
        return docIds === undefined ? [] : [plusMargin(withDocuments(task, docIds))]
      })
      const view = model.steer(edit === null ? [] : await lowerEdits([edit], { dHead: model.dHead }))
      const asked = await cachedModel(view, store)
      for (const [task, values] of await documentValues(own, asked, { seed, signal }))
        for (const { docId, metrics } of values) known.set(nameOf({ task, docId }), metrics)
      this.tokens += asked.report?.().tokens?.computed ?? 0
    }
    return places.map((place) => known.get(nameOf(place))!)
  }
}

/** A metric of documents. Throws InputError naming the first that does not have it as a number. */
export function metricOf(
  places: readonly DocumentPlace[],
  values: readonly DocumentMetrics[],
  metric: string,
): number[] {
  return values.map((metrics, index) => {
    const value = metrics.get(metric)
    if (value !== undefined) return value
    const { task } = places[index]!
    throw new InputError(
      `task ${task} has no metric ${metric} that is a number for each document; it has ${[...metrics.keys()].join(', ')}`,
    )
  })
}

function nameOf({ task, docId }: DocumentPlace): string {
  return `${docId} ${task}`
}
