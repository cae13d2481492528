import type { LanguageModel } from './language-model.js'
import type { ModelInfo, ModelReport } from './model-info.js'

/** What a middleware changes about a model; the rest is the model's own. */
export interface ModelLayer {
  readonly info?: ModelInfo
  /** From what the model has counted, what is told of it. */
  readonly report?: (counted: ModelReport) => ModelReport
  /** Stands before the model's own `read`. */
  readonly read?: LanguageModel['read']
  readonly close?: () => Promise<void>
}

/** A model with something before it: kept answers, steering, a log. */
export function wrapModel(model: LanguageModel, { info, report, read, close }: ModelLayer): LanguageModel {
  return {
    get info() {
      return info ?? model.info
    },
    report: () => {
      const counted = model.report?.() ?? {}
      return report ? report(counted) : counted
    },
    chatTemplate: model.chatTemplate,
    read: read ?? ((requests) => model.read(requests)),
    ...(model.fingerprint === undefined ? {} : { fingerprint: () => model.fingerprint!() }),
    close: close ?? (() => model.close()),
  }
}
