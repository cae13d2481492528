import { cachedModel, type PreparedTask, type Store } from '@saeval/eval-harness'
import { InputError } from '@saeval/hub'
import type { LanguageModel, SteerableModel } from '@saeval/language-model'
import { lowerEdits, type SteeringEdit } from '@saeval/sae-core'
import { type DocumentValues, documentValues, plusMargin, withDocuments } from '../documents/document-values.js'
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
  /** What this process alone has computed, and in what time. */
  readonly #own = { tokens: 0, seconds: 0 }

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
      const { model, store } = this.#options
      const view = model.steer(edit === null ? [] : await lowerEdits([edit], { dHead: model.dHead }))
      const asked = await cachedModel(view, store)
      for (const [task, values] of await this.#ask(view, asked, missing))
        for (const { docId, metrics } of values) known.set(nameOf({ task, docId }), metrics)
      this.tokens += asked.report?.().tokens?.computed ?? 0
    }
    return places.map((place) => known.get(nameOf(place))!)
  }

  /** What the unsteered model answered to documents that it was asked together before. */
  async unsteeredAnswers(places: readonly DocumentPlace[]): Promise<DocumentValues> {
    const view = this.#options.model.steer([])
    return this.#ask(view, await cachedModel(view, this.#options.store), places)
  }

  /**
   * Tokens that the unsteered model computes in a second: by what this process has computed. Where most was kept from earlier ones, it is asked these
   * documents anew.
   */
  async speed(places: readonly DocumentPlace[]): Promise<number> {
    if (this.#own.tokens < this.tokens / 4) {
      const view = this.#options.model.steer([])
      await this.#ask(view, view, places)
    }
    return this.#own.tokens / Math.max(this.#own.seconds, 0.001)
  }

  /** Asks documents by a view of the model, whose own counts are of what it computes here. */
  async #ask(view: SteerableModel, asked: LanguageModel, places: readonly DocumentPlace[]): Promise<DocumentValues> {
    const { seed, signal } = this.#options
    signal?.throwIfAborted()
    const before = view.report?.().tokens?.computed ?? 0
    const began = performance.now()
    const values = await documentValues(this.tasksOf(places).map(plusMargin), asked, { seed, signal })
    const computed = (view.report?.().tokens?.computed ?? 0) - before
    if (computed > 0) {
      this.#own.tokens += computed
      this.#own.seconds += (performance.now() - began) / 1000
    }
    return values
  }

  /** The tasks of some documents, with these alone. */
  tasksOf(places: readonly DocumentPlace[]): PreparedTask[] {
    const wanted = new Map<string, Set<number>>()
    for (const { task, docId } of places) wanted.set(task, (wanted.get(task) ?? new Set()).add(docId))
    return this.#options.tasks.flatMap((task) => {
      const docIds = wanted.get(task.task.config.task)
      return docIds === undefined ? [] : [withDocuments(task, docIds)]
    })
  }
}

/** A metric of documents. Throws InputError naming the first that does not have it as a finite number. */
export function metricOf(
  places: readonly DocumentPlace[],
  values: readonly DocumentMetrics[],
  metric: string,
): number[] {
  return values.map((metrics, index) => {
    const value = metrics.get(metric)
    if (value !== undefined && Number.isFinite(value)) return value
    const { task, docId } = places[index]!
    if (value !== undefined) throw new InputError(`${metric} of document ${docId} of task ${task} is ${value}`)
    const others = [...metrics.keys()].join(', ')
    throw new InputError(
      `task ${task} has no metric ${metric} that is a number for each document; it has ${others === '' ? 'none' : others}`,
    )
  })
}

function nameOf({ task, docId }: DocumentPlace): string {
  return `${docId} ${task}`
}
